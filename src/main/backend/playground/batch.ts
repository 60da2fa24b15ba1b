import { lstat, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ParsedInputOf } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import { openTable } from '../../engine/data/table.ts';
import { readFault } from '../../engine/formats/file-faults.ts';
import { temporaryBeside } from '../../engine/formats/temporary.ts';
import type { AnswerSource, PredictFileInput } from '../../engine/serving/questions.ts';
import type { BackendContext } from '../context.ts';
import { watchedEngineJob } from '../jobs/engine-run.ts';

/**
 * Starts answering a file. What stands at `output` is replaced only where it holds answers, and a person says so. Throws
 * `playground/output-…`, `files/missing`.
 */
export async function startBatch(
  context: BackendContext,
  source: AnswerSource,
  {
    input: given,
    output: wanted,
    overwrite,
    textColumn,
    textPairColumn,
    format,
  }: ParsedInputOf<'playground/batch'>,
): Promise<string> {
  const [input, output] = [path.resolve(given), path.resolve(wanted)];
  await stat(input).catch((error: unknown) => {
    throw readFault(input, error);
  });
  if (input === output) throw fault('playground/output-is-input', { file: output });
  if (path.extname(output).toLowerCase() !== `.${format}`)
    throw fault('playground/output-type', { file: output, ending: `.${format}` });
  const found = await lstat(output).catch(() => null);
  if (found && !overwrite) throw fault('playground/output-exists', { file: output });
  if (found && !(found.isFile() && (await holdsAnswers(output))))
    throw fault('playground/output-not-answers', { file: output });
  const temporary = temporaryBeside(output);
  const question: PredictFileInput = { source, input, textColumn, textPairColumn, format, output, temporary };
  const job = context.jobs.start({
    kind: 'predict',
    title: `Answering ${path.basename(input)}`,
    work: async (control) => {
      try {
        await watchedEngineJob(context, control, 'Answering the file', {
          job: 'predict-file',
          input: question,
        });
        return output;
      } finally {
        await rm(temporary, { force: true });
      }
    },
  });
  return job.id;
}

/** Whether a table has the columns that answers come in. */
const holdsAnswers = (file: string): Promise<boolean> =>
  openTable(file).then(
    ({ columns }) => columns.some((name) => /^(?:predicted_)?probability_/.test(name)),
    () => false,
  );
