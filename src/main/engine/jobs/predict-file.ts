import { writeFileAtomic } from '../formats/atomic.ts';
import type { JobContext } from '../jobs.ts';
import { answeredFile } from '../serving/answered-file.ts';
import { openAnswerer } from '../serving/answerer.ts';
import { countRows } from '../serving/count-rows.ts';
import { predictFileSchema } from '../serving/questions.ts';

/** Answers a file of texts. Gives how many rows there were. Throws `data/…`, `files/…`, `playground/…`. */
export async function predictFileJob(input: unknown, context: JobContext): Promise<{ rows: number }> {
  const { source, output, temporary, ...question } = predictFileSchema.parse(input);
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
