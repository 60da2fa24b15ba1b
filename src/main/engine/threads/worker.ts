import { parentPort, workerData } from 'node:worker_threads';
import { systemFault } from '../../../shared/faults/system.ts';
import type { FromThread, TaskTable, Tell } from './threads.ts';

/*
 * A thread of `Threads`: does the tasks of one module, one after the other. It may be ended at any moment: what a task
 * makes has a temporary name until the asker renames it.
 */
const { tasks } = (await import(workerData as string)) as { tasks: TaskTable };

const send = (message: FromThread): void => parentPort?.postMessage(message);
const tell: Tell = (phase, done, total, unit = 'rows') => send({ progress: { phase, done, total, unit } });

parentPort?.on('message', ({ task, input }: { task: string; input: unknown }) => {
  void answer(task, input);
});

async function answer(task: string, input: unknown): Promise<void> {
  try {
    const work = (await tasks[task]!()) as (input: unknown, tell: Tell) => unknown;
    send({ output: await work(input, tell) });
  } catch (error) {
    const known = systemFault(error);
    if (known) send({ fault: known.toJSON() });
    else send({ defect: error instanceof Error ? error.message : String(error) });
  }
}
