import path from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic } from '../../engine/formats/atomic.ts';
import type { Predictor } from '../../engine/predict.ts';
import type { TextInput } from '../../engine/tokenizer/text-tokenizer.ts';
import { setWork, type CommandContext, type Outcome, type Work } from '../command.ts';
import { count, duration } from '../format.ts';
import { readInput } from '../io/input-rows.ts';
import { adapterFolder, modelFolder } from '../io/model-folder.ts';
import { predictRows } from '../io/predict-rows.ts';
import { writeResults } from '../io/write-results.ts';
import { option, optionValue } from '../options.ts';

const help = `
Prints a line of JSON for each row, in the order of the input:
  {"label":"spam","score":0.998,"logits":[-3.1,3.2]}

Where --output ends in .csv or .parquet, the columns of the input are kept and the answers stand beside them:
label, score, and probability_… of each label.

Examples:
  graft predict --model org/name --adapter out --input new.csv --text-column body --output answers.jsonl
  echo "Call now to claim your prize" | graft predict --model merged --input -`;

const values = z.object({
  model: optionValue.model,
  adapter: optionValue.adapter,
  input: optionValue.input,
  output: optionValue.output.optional(),
  textColumn: optionValue.textColumn,
  encoding: optionValue.encoding,
  textPairColumn: optionValue.textPairColumn,
  maxLength: optionValue.maxLength,
  batchSize: optionValue.batchSize,
  precision: optionValue.precision,
});

const work: Work = async (given, context) => {
  const options = values.parse(given);
  const format = tableFormat(options.output);
  if (format !== null && options.input === '-')
    throw fault('cli/usage', {
      message: `--output ${options.output} needs a file as --input, whose columns it keeps`,
    });
  const model = await modelFolder(options.model, context);
  const adapter = options.adapter === undefined ? undefined : await adapterFolder(options.adapter);
  const { openPredictor } = await import('../../engine/predict.ts');
  const predictor = await openPredictor({
    model,
    ...(adapter !== undefined && { adapter }),
    precision: options.precision,
    head: 'sequence',
    ...(options.maxLength !== undefined && { maxLength: options.maxLength }),
    ...(options.batchSize !== undefined && { batchSize: options.batchSize }),
  });
  try {
    if (format !== null) return await writeTable(predictor, { ...options, format }, context);
    const rows = readInput({ ...options, signal: context.signal, say: context.say });
    const results = predictRows(predictor, rows);
    return await writeResults(results, options.output, context, 'Predicting');
  } finally {
    predictor.close();
  }
};

type Values = z.infer<typeof values>;
type TableOutput = Omit<Values, 'output'> & { output?: string | undefined; format: 'csv' | 'parquet' };

/** The format that a file's name asks for; null: JSON Lines. */
function tableFormat(output: string | undefined): 'csv' | 'parquet' | null {
  const extension = path.extname(output ?? '').toLowerCase();
  return extension === '.csv' ? 'csv' : extension === '.parquet' ? 'parquet' : null;
}

/** A table with the columns of the input; whole or not at all. */
async function writeTable(
  predictor: Predictor,
  { input, output = '', textColumn, textPairColumn, encoding, format }: TableOutput,
  context: CommandContext,
): Promise<Outcome> {
  const { answeredFile } = await import('../../engine/serving/answered-file.ts');
  const { tokenizer, maxLength, labelNames: labels } = predictor;
  const answerer = {
    labels,
    logits: async (texts: readonly TextInput[]) =>
      predictor.logits(await tokenizer.encode(texts, { maxLength })),
  };
  const start = performance.now();
  let rows = 0;
  const bytes = answeredFile(
    answerer,
    { input, textColumn, textPairColumn: textPairColumn ?? null, encoding, format },
    (done) => {
      context.signal.throwIfAborted();
      rows = done;
      context.onEvent({ type: 'progress', phase: 'Predicting', done, total: 0, unit: 'rows' });
    },
  );
  await writeFileAtomic(output, bytes);
  const seconds = (performance.now() - start) / 1000;
  const text = `${output}: ${count(rows)} rows in ${duration(seconds)}`;
  return { result: { status: 'finished', output, rows, seconds }, text };
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('Answers texts with a model, or with a model and an adapter on it.')
    .addOption(option.model())
    .addOption(option.adapter())
    .addOption(option.input())
    .addOption(option.outputFile())
    .addOption(option.textColumn())
    .addOption(option.encoding())
    .addOption(option.textPairColumn())
    .addOption(option.maxLength())
    .addOption(option.batchSize())
    .addOption(option.precision())
    .addHelpText('after', help);
  return setWork(command, work);
}
