import { parentPort } from 'node:worker_threads';
import { Fault } from '../../../shared/faults/index.ts';
import type { FromThread } from '../task-thread.ts';
import { tasks, type TaskName } from './tasks/index.ts';

const port = parentPort;
if (port === null) throw new Error('This is a worker thread.');

interface Asked {
  id: number;
  task: TaskName;
  input: unknown;
}

async function answer({ id, task, input }: Asked): Promise<void> {
  const send = (message: FromThread): void => port!.postMessage(message);
  try {
    const load = tasks[task];
    const run = (await load()) as (input: unknown) => unknown;
    send({ id, output: await run(input) });
  } catch (error) {
    if (error instanceof Fault) send({ id, fault: error.toJSON() });
    else send({ id, defect: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

let last = Promise.resolve();
port.on('message', (message: Asked) => {
  last = last.then(() => answer(message));
});
