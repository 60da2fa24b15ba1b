import type { ClassificationMetrics } from '../engine/metrics/classification.ts';
import { count, table } from './format.ts';

/** The largest confusion matrix that still fits a terminal. */
const matrixLabels = 12;

/** Metrics as a person reads them: the totals, a line a class, the confusion matrix. */
export function metricsText(metrics: ClassificationMetrics): string {
  const totals = (['accuracy', 'f1_macro', 'f1_weighted', 'mcc', 'roc_auc', 'log_loss'] as const).flatMap(
    (name) => {
      const value = metrics[name];
      return value === null ? [] : [[name, value.toFixed(4)]];
    },
  );
  const classes = metrics.per_class.map((one) => [
    one.label,
    one.precision.toFixed(4),
    one.recall.toFixed(4),
    one.f1.toFixed(4),
    count(one.support),
  ]);
  const parts = [
    table([['metric', 'value'], ...totals]),
    table([['class', 'precision', 'recall', 'f1', 'rows'], ...classes]),
  ];
  if (classes.length <= matrixLabels) parts.push(confusionText(metrics));
  return parts.join('\n\n');
}

/** The confusion matrix: true classes down, predicted ones across. */
export function confusionText(
  metrics: Pick<ClassificationMetrics, 'per_class' | 'confusion_matrix'>,
): string {
  const names = metrics.per_class.map((one) => one.label);
  return table([
    ['true \\ predicted', ...names],
    ...metrics.confusion_matrix.map((row, i) => [names[i]!, ...row.map((cell) => count(cell))]),
  ]);
}
