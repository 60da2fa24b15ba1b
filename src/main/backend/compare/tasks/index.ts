import { calibrationTask } from './calibration-task.ts';
import { countTask } from './count-task.ts';
import { disagreementsTask } from './disagreements-task.ts';
import { pairTask } from './pair-task.ts';
import { slicesTask } from './slices-task.ts';
import { tableTask } from './table-task.ts';

/** What takes too long for the backend's event loop. */
export const tasks = {
  calibration: calibrationTask,
  count: countTask,
  disagreements: disagreementsTask,
  pair: pairTask,
  slices: slicesTask,
  table: tableTask,
};

export type TaskName = keyof typeof tasks;
export type TaskInput<Name extends TaskName> = Parameters<(typeof tasks)[Name]>[0];
export type TaskOutput<Name extends TaskName> = Awaited<ReturnType<(typeof tasks)[Name]>>;
