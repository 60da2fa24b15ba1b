import { Command } from 'commander';
import { z } from 'zod';
import { setWork, type Work } from '../command.ts';
import { readInput } from '../io/input-rows.ts';
import { adapterFolder, modelFolder } from '../io/model-folder.ts';
import { predictRows } from '../io/predict-rows.ts';
import { writeResults } from '../io/write-results.ts';
import { option, optionValue } from '../options.ts';

const help = `
Prints a line of JSON for each row, in the order of the input:
  {"label":"spam","score":0.998,"logits":[-3.1,3.2]}

Examples:
  graft predict --model org/name --adapter out --input new.csv --text-column body --output answers.jsonl
  echo "Call now to claim your prize" | graft predict --model merged --input -`;

const values = z.object({
  model: optionValue.model,
  adapter: optionValue.adapter,
  input: optionValue.input,
  output: optionValue.output.optional(),
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
    head: 'classification',
    ...(options.maxLength !== undefined && { maxLength: options.maxLength }),
    ...(options.batchSize !== undefined && { batchSize: options.batchSize }),
  });
  try {
    const rows = readInput({ ...options, signal: context.signal, say: context.say });
    const results = predictRows(predictor, rows, options.input);
    return await writeResults(results, options.output, context, 'Predicting');
  } finally {
    predictor.close();
  }
};

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('Answers texts with a model, or with a model and an adapter on it.')
    .addOption(option.model())
    .addOption(option.adapter())
    .addOption(option.input())
    .addOption(option.outputFile())
    .addOption(option.textColumn())
    .addOption(option.textPairColumn())
    .addOption(option.maxLength())
    .addOption(option.batchSize())
    .addOption(option.precision())
    .addHelpText('after', help);
  return setWork(command, work);
}
