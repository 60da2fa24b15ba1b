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

/** The task that a checkpoint's `problem_type` names; the usual one where it names none that is known. */
export const taskNamed = (problemType: unknown): Task =>
  tasks.find(({ key }) => key === problemType) ?? tasks[0]!;

/** The task of this key. */
export function taskOf(key: string): Task {
  const found = tasks.find((task) => task.key === key);
  if (!found) throw new RangeError(`There is no task ${key}: known are ${taskKeys.join(', ')}.`);
  return found;
}

/** "accuracy 98.4 %" */
export const valueText = ({ name, share }: Metric, value: number): string =>
  `${name} ${share ? `${(100 * value).toFixed(1)} %` : Number(value.toPrecision(3))}`;

/** "Accuracy 98.4 %": the main metric of metrics.json's `metrics`; null where it is not among them. */
export function mainMetricText(key: string, report: unknown): string | null {
  const task = taskOf(key);
  const [metric] = task.metrics;
  const value = metric && task.evaluation(report).metrics[metric.key];
  return value === undefined ? null : valueText(metric!, value).replace(/^./, (first) => first.toUpperCase());
}
