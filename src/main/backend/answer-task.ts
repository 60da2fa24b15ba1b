import { parentPort } from 'node:worker_threads';
import type { FaultValue } from '../../shared/contract/message.ts';
import { systemFault } from '../../shared/faults/system.ts';
import type { FromThread } from './task-thread.ts';

/** A failure as a thread sends it: a fault by its words, anything else, a defect of ours, by its message. */
export function failureValue(error: unknown): { fault: FaultValue } | { defect: string } {
  const known = systemFault(error);
  if (known) return { fault: known.toJSON() };
  return { defect: error instanceof Error ? error.message : String(error) };
}

/** In a thread that a `TaskThread` asks: does the task `id` and sends back what came of it. */
export async function answerTask(id: number, work: () => unknown): Promise<void> {
  const send = (message: FromThread): void => parentPort?.postMessage(message);
  try {
    send({ id, output: await work() });
  } catch (error) {
    send({ id, ...failureValue(error) });
  }
}
