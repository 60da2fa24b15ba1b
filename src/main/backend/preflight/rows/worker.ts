import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { openReadOnly } from '../../../storage/database.ts';
import { faultValue } from '../../jobs/jobs.ts';
import { readLengths, readRowFacts, rowQuestionSchema } from './row-facts.ts';

// Counting rows of a large version and tokenising take longer than the backend's event loop may be held.
const messageSchema = z.object({
  id: z.number(),
  question: rowQuestionSchema,
  /** With a model's folder: token lengths instead of counts. */
  folder: z.string().nullable(),
});

const port = parentPort!;
port.on('message', (message: unknown) => void answer(messageSchema.parse(message)));

async function answer({ id, question, folder }: z.infer<typeof messageSchema>): Promise<void> {
  try {
    const db = openReadOnly(question.file);
    try {
      const output = folder === null ? readRowFacts(db, question) : await readLengths(db, question, folder);
      port.postMessage({ id, output });
    } finally {
      db.close();
    }
  } catch (error) {
    port.postMessage({ id, fault: faultValue('preflight', error) });
  }
}
