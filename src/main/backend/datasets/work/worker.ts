import { parentPort, workerData } from 'node:worker_threads';
import { systemFault } from '../../../../shared/faults/system.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { tasks } from './tasks.ts';

/*
 * A thread that does tasks of the data sets area, one at a time. It knows the state of the workspace only by what a task
 * is given, and may be ended at any moment: what it makes has a temporary name until the main thread renames it.
 */

const port = parentPort;
if (port === null) throw new Error('This is a worker thread.');

async function answer({ id, task, input }: ToWorker): Promise<void> {
  const send = (message: FromWorker) => port!.postMessage(message);
  try {
    const load = tasks[task];
    const run = (await load()) as (input: unknown, tell: unknown) => unknown;
    const output = await run(input, (phase: string, done: number, total: number, unit = 'rows') =>
      send({ id, kind: 'progress', progress: { phase, done, total, unit } }),
    );
    send({ id, kind: 'done', output });
  } catch (error) {
    const known = systemFault(error);
    if (known) send({ id, kind: 'fault', fault: known.toJSON() });
    else
      send({
        id,
        kind: 'defect',
        detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
}

let last = Promise.resolve();
port.on('message', (message: ToWorker) => {
  last = last.then(() => answer(message));
});
if (workerData !== null) void answer(workerData as ToWorker).then(() => port.close());
