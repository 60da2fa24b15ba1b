import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Fault } from '../../../../shared/faults/index.ts';
import type { Failure, FromWorker, Progress, ToWorker } from './messages.ts';
import type { TaskInput, TaskName, TaskOutput } from './tasks.ts';

export const workerUrl = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Does a task on a thread of its own, which an abort ends at once: the promise then rejects with the signal's reason
 * when the thread is gone. What it left under temporary names is the caller's to remove.
 */
export async function runTask<Name extends TaskName>(
  task: Name,
  input: TaskInput<Name>,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {},
): Promise<TaskOutput<Name>> {
  signal?.throwIfAborted();
  const message: ToWorker = { id: 0, task, input };
  const worker = new Worker(workerUrl, { workerData: message });
  const end = () => void worker.terminate();
  signal?.addEventListener('abort', end, { once: true });
  try {
    return await new Promise<TaskOutput<Name>>((resolve, reject) => {
      worker.on('message', (reply: FromWorker) => {
        if (reply.kind === 'progress') onProgress?.(reply.progress);
        else if (reply.kind === 'done') resolve(reply.output as TaskOutput<Name>);
        else reject(failureOf(reply));
      });
      worker.on('error', reject);
      worker.on('exit', (code) => {
        reject(
          signal?.aborted ? (signal.reason as Error) : new Error(`The thread of "${task}" ended (${code}).`),
        );
      });
    });
  } finally {
    signal?.removeEventListener('abort', end);
    await worker.terminate();
  }
}

export function failureOf(reply: Failure): Error {
  if (reply.kind === 'defect') return new Error(reply.detail);
  const { code, message, remedy } = reply.fault;
  return new Fault(code, { message, remedy });
}
