import { singleLabel } from './single-label.ts';
import type { Task } from './task.ts';

/** What can be learnt; the usual task first. */
export const tasks: readonly Task[] = [singleLabel];

export const taskKeys: readonly string[] = tasks.map(({ key }) => key);

/** The task of this key. */
export function taskOf(key: string): Task {
  const found = tasks.find((task) => task.key === key);
  if (!found) throw new RangeError(`There is no task ${key}: known are ${taskKeys.join(', ')}.`);
  return found;
}
