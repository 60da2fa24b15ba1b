import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic } from '../../engine/formats/atomic.ts';
import type { Predictor } from '../../engine/predict.ts';
import type { TextInput } from '../../engine/tokenizer/text-tokenizer.ts';
import { command, type CommandContext, type Outcome } from '../command.ts';
import { count, duration } from '../format.ts';
import { readInput } from '../io/input-rows.ts';
import { givenFolders, withPredictor } from '../io/model-folder.ts';
import { predictRows } from '../io/predict-rows.ts';
import { writeResults } from '../io/write-results.ts';
import { option, speedOptions, textOptions, type ValuesOf } from '../options.ts';

const help = `
Prints a line of JSON for each row, in the order of the input:
  {"label":"spam","score":0.998,"logits":[-3.1,3.2]}

Where --output ends in .csv or .parquet, the columns of the input are kept and the answers stand beside them:
label, score, and probability_… of each label.

Examples:
  graft predict --model org/name --adapter out --input new.csv --text-column body --output answers.jsonl
  echo "Call now to claim your prize" | graft predict --model merged --input -`;

const options = {
  model: option.model,
  adapter: option.adapter,
  input: option.input,
  output: option.outputFile,
  ...textOptions,
  ...speedOptions,
};

/** The format that a file's name asks for; null: JSON Lines. */
function tableFormat(output: string | undefined): 'csv' | 'parquet' | null {
  const extension = path.extname(output ?? '').toLowerCase();
  return extension === '.csv' ? 'csv' : extension === '.parquet' ? 'parquet' : null;
}

/** A table with the columns of the input; whole or not at all. */
async function writeTable(
  predictor: Predictor,
  { input, output = '', textColumn, textPairColumn, encoding }: ValuesOf<typeof options>,
  format: 'csv' | 'parquet',
  context: CommandContext,
): Promise<Outcome> {
  const { answeredFile } = await import('../../engine/serving/answered-file.ts');
  const { task, tokenizer, maxLength, labelNames: labels } = predictor;
  const answerer = {
    task,
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

export const predictCommand = () =>
  command({
    name: 'predict',
    description: 'Answers texts with a model, or with a model and an adapter on it.',
    help,
    options,
    work: async (options, context) => {
      const format = tableFormat(options.output);
      if (format !== null && options.input === '-')
        throw fault('cli/usage', {
          message: `--output ${options.output} needs a file as --input, whose columns it keeps`,
        });
      const { precision, maxLength, batchSize } = options;
      const folders = await givenFolders(options, context);
      return withPredictor({ ...folders, precision, maxLength, batchSize, head: 'sequence' }, (predictor) =>
        format === null
          ? writeResults(
              predictRows(predictor, readInput(options, context)),
              options.output,
              context,
              'Predicting',
            )
          : writeTable(predictor, options, format, context),
      );
    },
  });
