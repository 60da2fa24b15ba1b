import { Command, Option } from 'commander';
import { z } from 'zod';
import { setWork, type Work } from '../command.ts';
import { readInput } from '../io/input-rows.ts';
import { adapterFolder, modelFolder } from '../io/model-folder.ts';
import { embedRows } from '../io/predict-rows.ts';
import { writeResults } from '../io/write-results.ts';
import { option, optionValue } from '../options.ts';

const help = `
Prints a line of JSON for each row, in the order of the input: {"embedding":[0.12,…]}

Pooling, normalisation and the longest text are those of the model's modules.json, where it has one (sentence-transformers);
else the mean of the tokens, as it is. --adapter takes an adapter of a classifier too: its head is left out.

Example:
  graft embed --model sentence-transformers/all-MiniLM-L6-v2 --input texts.txt --output vectors.jsonl
  graft embed --model org/name --adapter out --input texts.txt --output vectors.jsonl`;

const values = z.object({
  model: optionValue.model,
  adapter: optionValue.adapter,
  input: optionValue.input,
  output: optionValue.output.optional(),
  pooling: z.enum(['mean', 'cls']).optional(),
  normalize: z.boolean().optional(),
  textColumn: optionValue.textColumn,
  encoding: optionValue.encoding,
  textPairColumn: optionValue.textPairColumn,
  maxLength: optionValue.maxLength,
  batchSize: optionValue.batchSize,
  precision: optionValue.precision,
});

const work: Work = async (given, context) => {
  const options = values.parse(given);
  const model = await modelFolder(options.model, context);
  const adapter = options.adapter === undefined ? undefined : await adapterFolder(options.adapter);
  const { openPredictor } = await import('../../engine/predict.ts');
  const { readSentenceFolder } = await import('../../engine/models/sentence-folder.ts');
  const isSaid = options.pooling !== undefined && options.normalize !== undefined;
  const said = isSaid ? null : await readSentenceFolder(model);
  const pooling = options.pooling ?? said?.pooling ?? 'mean';
  const normalize = options.normalize ?? said?.normalize ?? false;
  const maxLength = options.maxLength ?? said?.maxLength ?? undefined;
  const predictor = await openPredictor({
    model,
    ...(adapter !== undefined && { adapter }),
    precision: options.precision,
    head: 'none',
    ...(maxLength !== undefined && { maxLength }),
    ...(options.batchSize !== undefined && { batchSize: options.batchSize }),
  });
  try {
    const rows = readInput({ ...options, signal: context.signal, say: context.say });
    const results = embedRows(predictor, rows, { pooling, normalize });
    return await writeResults(results, options.output, context, 'Embedding');
  } finally {
    predictor.close();
  }
};

export function embedCommand(): Command {
  const command = new Command('embed')
    .description('Turns texts into vectors, for search and comparison.')
    .addOption(option.model())
    .addOption(option.adapter())
    .addOption(option.input())
    .addOption(option.outputFile())
    .addOption(
      new Option('--pooling <P>', 'mean averages the tokens, cls takes the first one').choices([
        'mean',
        'cls',
      ]),
    )
    .addOption(new Option('--normalize', 'scale vectors to length 1'))
    .addOption(new Option('--no-normalize', 'leave vectors as long as they are').default(undefined))
    .addOption(option.textColumn())
    .addOption(option.encoding())
    .addOption(option.textPairColumn())
    .addOption(option.maxLength())
    .addOption(option.batchSize())
    .addOption(option.precision())
    .addHelpText('after', help);
  return setWork(command, work);
}
