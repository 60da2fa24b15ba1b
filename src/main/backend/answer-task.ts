import { parentPort } from 'node:worker_threads';
import { systemFault } from '../../shared/faults/system.ts';
import type { FromThread } from './task-thread.ts';

/** In a thread that a `TaskThread` asks: does the task `id` and sends back what came of it. */
export async function answerTask(id: number, work: () => unknown): Promise<void> {
  const send = (message: FromThread): void => parentPort?.postMessage(message);
  try {
    send({ id, output: await work() });
  } catch (error) {
    const known = systemFault(error);
    if (known) send({ id, fault: known.toJSON() });
    else send({ id, defect: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
