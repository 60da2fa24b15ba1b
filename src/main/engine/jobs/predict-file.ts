import { z } from 'zod';
import { writeFileAtomic } from '../formats/atomic.ts';
import type { JobContext } from '../jobs.ts';
import { answeredFile } from '../serving/answered-file.ts';
import { answerSourceSchema, openAnswerer } from '../serving/answerer.ts';
import { countRows } from '../serving/count-rows.ts';
import { tableFormats } from '../serving/table-bytes.ts';

const inputSchema = z.object({
  source: answerSourceSchema,
  input: z.string(),
  textColumn: z.string(),
  textPairColumn: z.string().nullable(),
  format: z.enum(tableFormats),
  output: z.string(),
  /** A free name in the folder of `output`, written first; whoever ends this process takes it away. */
  temporary: z.string(),
});

/** Input of the job `predict-file`. */
export type PredictFileInput = z.infer<typeof inputSchema>;

/** Answers a file of texts. Gives how many rows there were. Throws `data/…`, `files/…`, `playground/…`. */
export async function predictFileJob(input: unknown, context: JobContext): Promise<{ rows: number }> {
  const { source, output, temporary, ...question } = inputSchema.parse(input);
  const tell = (phase: string, done: number, total: number): void =>
    context.onEvent({ type: 'progress', phase, done, total, unit: 'rows' });
  tell('Counting', 0, 0);
  const about = await countRows(question.input);
  tell('Loading the model', 0, about);
  const answerer = await openAnswerer(source);
  let rows = 0;
  try {
    const bytes = answeredFile(answerer, question, (done) => {
      context.signal.throwIfAborted();
      rows = done;
      tell('Answering', done, Math.max(about, done));
    });
    await writeFileAtomic(output, bytes, temporary);
    return { rows };
  } finally {
    await answerer.close();
  }
}
