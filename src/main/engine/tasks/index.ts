import { singleLabel } from './single-label.ts';
import type { EngineTask } from './task.ts';

/** The tasks that the engine trains and answers, the usual one first. */
export const engineTasks: readonly EngineTask[] = [singleLabel];

/** The arithmetic of the task with this key. */
export function engineTask(key: string): EngineTask {
  const found = engineTasks.find((task) => task.key === key);
  if (!found) throw new RangeError(`The engine has no task ${key}.`);
  return found;
}
