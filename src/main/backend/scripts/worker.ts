import { parentPort, workerData } from 'node:worker_threads';
import { Fault } from '../../../shared/faults/index.ts';
import type { AsideTask } from './aside.ts';
import { readScript } from './read-script.ts';
import { runScriptTask } from './write/write-script.ts';

// A thread of its own: a hostile text can keep it busy, and it can be ended.
const task = workerData as AsideTask;
if (task.kind === 'read') parentPort?.postMessage(readScript(task.text));
else {
  try {
    parentPort?.postMessage(await runScriptTask(task));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    parentPort?.postMessage({ fault: error.toJSON() });
  }
}
