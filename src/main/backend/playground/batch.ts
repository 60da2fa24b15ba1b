import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { ParsedInputOf } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { PredictFileInput } from '../../engine/jobs/predict-file.ts';
import type { AnswerSource } from '../../engine/serving/answerer.ts';
import type { BackendContext } from '../context.ts';
import { endOf, progressTo, runEngineJob } from '../experiments/engine-run.ts';

/** Starts answering a file. Throws `playground/output-…`, `files/missing`. */
export function startBatch(
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
): string {
  const [input, output] = [path.resolve(given), path.resolve(wanted)];
  if (!existsSync(input)) throw fault('files/missing', { file: input });
  if (input === output) throw fault('playground/output-is-input', { file: output });
  if (existsSync(output) && !overwrite) throw fault('playground/output-exists', { file: output });
  const temporary = path.join(path.dirname(output), `.graft-${randomBytes(6).toString('hex')}.tmp`);
  const question: PredictFileInput = { source, input, textColumn, textPairColumn, format, output, temporary };
  const job = context.jobs.start({
    kind: 'predict',
    title: `Answering ${path.basename(input)}`,
    work: async (control) => {
      try {
        await runEngineJob({
          host: context.host,
          job: 'predict-file',
          input: question,
          signal: control.signal,
          onMessage: progressTo(control),
          ended: endOf('Answering the file'),
        });
        return output;
      } finally {
        await rm(temporary, { force: true });
      }
    },
  });
  return job.id;
}
