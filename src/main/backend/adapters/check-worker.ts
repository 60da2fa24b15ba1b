import { parentPort, workerData } from 'node:worker_threads';
import { Fault } from '../../../shared/faults/index.ts';
import { checkAdapter, type CheckQuestion } from './check-adapter.ts';

// A thread for one folder: a damaged or hostile file can end it and nothing else.
checkAdapter(workerData as CheckQuestion).then(
  (checked) => parentPort?.postMessage({ checked }),
  (error: unknown) => {
    if (error instanceof Fault) parentPort?.postMessage({ fault: error.toJSON() });
    else parentPort?.postMessage({ defect: error instanceof Error ? error.message : String(error) });
  },
);
