import { parentPort } from 'node:worker_threads';
import { Fault } from '../../../shared/faults/index.ts';
import type { FromThread } from '../task-thread.ts';
import { readPredictions, type PredictionQuery } from './predictions.ts';
import { writeRunRows, type RowsTask } from './run-rows.ts';

/** What takes too long for the backend's event loop. The thread stays: it is asked again and again. */
const tasks = {
  rows: (input: unknown) => writeRunRows(input as RowsTask),
  predictions: (input: unknown) => readPredictions(input as PredictionQuery),
};

const port = parentPort;
if (port === null) throw new Error('This is a worker thread.');

async function answer({ id, task, input }: { id: number; task: keyof typeof tasks; input: unknown }) {
  const send = (message: FromThread): void => port!.postMessage(message);
  try {
    send({ id, output: await tasks[task](input) });
  } catch (error) {
    if (error instanceof Fault) send({ id, fault: error.toJSON() });
    else send({ id, defect: error instanceof Error ? error.message : String(error) });
  }
}

port.on('message', (message: Parameters<typeof answer>[0]) => void answer(message));
