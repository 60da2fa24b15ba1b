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

Example:
  graft embed --model sentence-transformers/all-MiniLM-L6-v2 --input texts.txt --pooling mean --output vectors.jsonl`;

const values = z.object({
  model: optionValue.model,
  adapter: optionValue.adapter,
  input: optionValue.input,
  output: optionValue.output.optional(),
  pooling: z.enum(['mean', 'cls']),
  textColumn: optionValue.textColumn,
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
  const predictor = await openPredictor({
    model,
    ...(adapter !== undefined && { adapter }),
    precision: options.precision,
    head: 'encoder',
    ...(options.maxLength !== undefined && { maxLength: options.maxLength }),
    ...(options.batchSize !== undefined && { batchSize: options.batchSize }),
  });
  try {
    const rows = readInput({ ...options, signal: context.signal, say: context.say });
    const results = embedRows(predictor, rows, options.pooling);
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
      new Option('--pooling <P>', 'mean averages the tokens, cls takes the first one')
        .choices(['mean', 'cls'])
        .default('mean'),
    )
    .addOption(option.textColumn())
    .addOption(option.textPairColumn())
    .addOption(option.maxLength())
    .addOption(option.batchSize())
    .addOption(option.precision())
    .addHelpText('after', help);
  return setWork(command, work);
}
