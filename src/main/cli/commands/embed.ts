import { command } from '../command.ts';
import { readInput } from '../io/input-rows.ts';
import { givenFolders, withPredictor } from '../io/model-folder.ts';
import { embedRows } from '../io/predict-rows.ts';
import { writeResults } from '../io/write-results.ts';
import { choice, option, poolings, speedOptions, textOptions, toggle } from '../options.ts';

const help = `
Prints a line of JSON for each row, in the order of the input: {"embedding":[0.12,…]}

Pooling, normalisation and the longest text are those of the model's modules.json, where it has one (sentence-transformers);
else the mean of the tokens, as it is. --adapter takes an adapter of a classifier too: its head is left out.

Example:
  graft embed --model sentence-transformers/all-MiniLM-L6-v2 --input texts.txt --output vectors.jsonl
  graft embed --model org/name --adapter out --input texts.txt --output vectors.jsonl`;

export const embedCommand = () =>
  command({
    name: 'embed',
    description: 'Turns texts into vectors, for search and comparison.',
    help,
    options: {
      model: option.model,
      adapter: option.adapter,
      input: option.input,
      output: option.outputFile,
      pooling: choice('--pooling <P>', 'mean averages the tokens, cls takes the first one', poolings),
      normalize: toggle(
        ['--normalize', 'scale vectors to length 1'],
        ['--no-normalize', 'leave vectors as long as they are'],
      ),
      ...textOptions,
      ...speedOptions,
    },
    work: async (options, context) => {
      const folders = await givenFolders(options, context);
      const { readSentenceFolder } = await import('../../engine/models/sentence-folder.ts');
      const isSaid = options.pooling !== undefined && options.normalize !== undefined;
      const said = isSaid ? null : await readSentenceFolder(folders.model);
      const form = {
        pooling: options.pooling ?? said?.pooling ?? 'mean',
        normalize: options.normalize ?? said?.normalize ?? false,
      };
      const { precision, batchSize, maxLength = said?.maxLength ?? undefined } = options;
      return withPredictor({ ...folders, precision, batchSize, maxLength, head: 'none' }, (predictor) =>
        writeResults(
          embedRows(predictor, readInput(options, context), form),
          options.output,
          context,
          'Embedding',
        ),
      );
    },
  });
