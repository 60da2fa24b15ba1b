import { classDetailSchema, singleLabel, type ClassDetail } from '../../shared/tasks/single-label.ts';
import type { Task } from '../../shared/tasks/task.ts';
import { count, table } from './format.ts';

/** The largest confusion matrix that still fits a terminal. */
const matrixLabels = 12;

/** What is printed below the totals, by task. */
const details: Readonly<Record<string, (evaluation: unknown) => string[]>> = {
  [singleLabel.key]: (evaluation) => classTexts(classDetailSchema.parse(evaluation)),
};

/** Metrics as a person reads them: the totals, then what the task has beside them. `metrics` as metrics.json has them. */
export function metricsText(task: Task, metrics: Readonly<Record<string, unknown>>): string {
  const totals = task.listed.text.flatMap((key) => {
    const value = metrics[key];
    return typeof value === 'number' ? [[key, value.toFixed(4)]] : [];
  });
  const detail = details[task.key]?.(task.evaluation(metrics)) ?? [];
  return [table([['metric', 'value'], ...totals]), ...detail].join('\n\n');
}

/** A line a class, and the confusion matrix. */
function classTexts(detail: ClassDetail): string[] {
  const classes = detail.perClass.map(({ label, precision, recall, f1, support }) => [
    label,
    ...[precision, recall, f1].map((value) => value.toFixed(4)),
    count(support),
  ]);
  const lines = table([['class', 'precision', 'recall', 'f1', 'rows'], ...classes]);
  return classes.length > matrixLabels ? [lines] : [lines, confusionText(detail)];
}

/** The confusion matrix: true classes down, predicted ones across. */
export function confusionText({ perClass, confusion }: ClassDetail): string {
  const names = perClass.map(({ label }) => label);
  return table([
    ['true \\ predicted', ...names],
    ...confusion.map((row, i) => [names[i]!, ...row.map((cell) => count(cell))]),
  ]);
}
