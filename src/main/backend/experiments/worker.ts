import { parentPort } from 'node:worker_threads';
import { answerTask } from '../answer-task.ts';
import { readPredictions, type PredictionQuery } from './predictions.ts';
import { writeRunRows, type RowsTask } from './run-rows.ts';

/** What takes too long for the backend's event loop. The thread stays: it is asked again and again. */
const tasks = {
  rows: (input: unknown) => writeRunRows(input as RowsTask),
  predictions: (input: unknown) => readPredictions(input as PredictionQuery),
};

parentPort?.on('message', ({ id, task, input }: { id: number; task: keyof typeof tasks; input: unknown }) => {
  void answerTask(id, () => tasks[task](input));
});
