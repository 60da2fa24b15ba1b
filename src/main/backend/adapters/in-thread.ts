import { parentPort, Worker } from 'node:worker_threads';
import { z } from 'zod';
import { faultSchema } from '../../../shared/contract/message.ts';
import { failureValue } from '../answer-task.ts';
import { revived } from '../experiments/engine-run.ts';

const replySchema = z.union([
  z.object({ output: z.unknown() }),
  z.object({ fault: faultSchema }),
  z.object({ defect: z.string() }),
]);

/** One piece of work on a thread of its own. Throws its faults, and `ended` where the thread ends without an answer. */
export async function inThread<Schema extends z.ZodType>(
  entry: URL,
  workerData: unknown,
  schema: Schema,
  ended: (reason: string) => Error,
): Promise<z.output<Schema>> {
  const worker = new Worker(entry, { workerData });
  const output = await new Promise<unknown>((resolve, reject) => {
    worker.once('message', (message) => {
      const reply = replySchema.parse(message);
      if ('fault' in reply) reject(revived(reply.fault));
      else if ('defect' in reply) reject(new Error(reply.defect));
      else resolve(reply.output);
    });
    worker.once('error', (error: Error) => reject(ended(error.message)));
    worker.once('exit', () => reject(ended('its thread ended early')));
  });
  return schema.parse(output);
}

/** In such a thread: what came of its work. */
export function answerParent(work: Promise<unknown>): void {
  work.then(
    (output) => parentPort?.postMessage({ output }),
    (error: unknown) => parentPort?.postMessage(failureValue(error)),
  );
}
