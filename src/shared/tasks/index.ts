import { singleLabel } from './single-label.ts';
import type { Metric, Task } from './task.ts';

/** What can be learnt; the usual task first. */
export const tasks: readonly Task[] = [singleLabel];

export const taskKeys: readonly string[] = tasks.map(({ key }) => key);

/** What is known of a metric; `loss` and others that no task lists by their own name, lower being better. */
export const metricOf = (key: string): Metric =>
  tasks.flatMap(({ metrics }) => metrics).find((metric) => metric.key === key) ?? {
    key,
    name: key.replaceAll('_', ' '),
    higherIsBetter: false,
    share: false,
  };

/** The task of this key. */
export function taskOf(key: string): Task {
  const found = tasks.find((task) => task.key === key);
  if (!found) throw new RangeError(`There is no task ${key}: known are ${taskKeys.join(', ')}.`);
  return found;
}

/** "Accuracy 98.4 %": the main metric of metrics.json's `metrics`; null where it is not among them. */
export function mainMetricText(key: string, report: unknown): string | null {
  const task = taskOf(key);
  const { name, share, key: metric } = task.metrics[0]!;
  const value = task.evaluation(report).metrics[metric];
  if (value === undefined) return null;
  const words = name.charAt(0).toUpperCase() + name.slice(1);
  return `${words} ${share ? `${(100 * value).toFixed(1)} %` : Number(value.toPrecision(3))}`;
}
