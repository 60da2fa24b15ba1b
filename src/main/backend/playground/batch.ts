import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { ParsedInputOf } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { PredictFileInput } from '../../engine/jobs/predict-file.ts';
import type { AnswerSource } from '../../engine/serving/answerer.ts';
import type { BackendContext } from '../context.ts';
import { EngineRun } from '../experiments/engine-run.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { endedFault } from './answer-engine.ts';

const progressSchema = z.object({
  type: z.literal('progress'),
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
});

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
        await answerFile(context, question, control);
        return output;
      } finally {
        await rm(temporary, { force: true });
      }
    },
  });
  return job.id;
}

/** In a process of its own, which a cancel ends at once. */
async function answerFile(
  { host }: BackendContext,
  input: PredictFileInput,
  control: JobControl,
): Promise<void> {
  const { signal } = control;
  signal.throwIfAborted();
  const run = new EngineRun({
    host,
    job: 'predict-file',
    input,
    onMessage: (message) => {
      const { data } = progressSchema.safeParse(message.type === 'event' ? message.event : null);
      if (data) control.progress({ phase: data.phase, done: data.done, total: data.total, unit: data.unit });
    },
  });
  const kill = (): void => run.kill();
  signal.addEventListener('abort', kill, { once: true });
  const end = await run.ended;
  signal.removeEventListener('abort', kill);
  if (end.kind === 'result') return;
  signal.throwIfAborted();
  throw endedFault(end);
}
