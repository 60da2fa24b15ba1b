import { runTask, taskModule } from '../../engine/threads/threads.ts';
import type { RowsTask, WrittenRows } from './run-rows.ts';

/** What takes too long for the backend's event loop. */
export const tasks = {
  rows: async () => (await import('./run-rows.ts')).writeRunRows,
  predictions: async () => (await import('./predictions.ts')).readPredictions,
};

export const experimentTasks = taskModule<typeof tasks>(import.meta.url);

/** As `writeRunRows`, on a thread. */
export const writeRows = (task: RowsTask): Promise<WrittenRows> => runTask(experimentTasks, 'rows', task);
