import { confusionMatrix, matthewsCorrelation, predictedCounts, supports } from './confusion-matrix.ts';
import { argmax, softmax } from '../../../shared/statistics/probabilities.ts';
import { rocAuc } from './roc-auc.ts';

interface ClassMetrics {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  /** Rows whose true label this is. */
  support: number;
}

/** What an evaluation says of single-label predictions; every value in 0 … 1 but `mcc` and `log_loss` (nats). */
export interface ClassificationMetrics {
  accuracy: number;
  f1_macro: number;
  f1_micro: number;
  f1_weighted: number;
  precision_macro: number;
  precision_micro: number;
  precision_weighted: number;
  recall_macro: number;
  recall_micro: number;
  recall_weighted: number;
  mcc: number;
  /** Two labels: of the second one; more: one-vs-rest, plain mean. Null where a label has no row. */
  roc_auc: number | null;
  /** One-vs-rest weighted by support. Null where only one label has rows. */
  roc_auc_weighted: number | null;
  /** Null where a logit is not finite. */
  log_loss: number | null;
  /** In the order of `labelNames`. */
  per_class: ClassMetrics[];
  /** `[true label][predicted label]`, rows counted. */
  confusion_matrix: number[][];
}

/**
 * Metrics of single-label classification as scikit-learn defines them, with `zero_division=0`. As there, a
 * macro average is over the labels that occur among the true or the predicted ones; `per_class` has them all.
 *
 * @param logits row-major `[n, labels]`, n at least 1
 * @param labels `[n]`, indices into `labelNames`
 */
export function classificationMetrics(input: {
  logits: Float32Array;
  labels: Int32Array;
  labelNames: readonly string[];
}): ClassificationMetrics {
  const { logits, labels, labelNames } = input;
  const numLabels = labelNames.length;
  if (labels.length === 0 || logits.length !== labels.length * numLabels) {
    throw new RangeError(`${logits.length} logits do not fit ${labels.length} rows and ${numLabels} labels.`);
  }
  const probabilities = softmax(logits, numLabels);
  const matrix = confusionMatrix(labels, argmax(logits, numLabels), numLabels);
  const support = supports(matrix);
  const predicted = predictedCounts(matrix);

  const perClass = matrix.map((row, label): ClassMetrics => {
    const hits = row[label]!;
    return {
      label: labelNames[label]!,
      precision: ratio(hits, predicted[label]!),
      recall: ratio(hits, support[label]!),
      f1: ratio(2 * hits, support[label]! + predicted[label]!),
      support: support[label]!,
    };
  });
  const occurring = perClass.filter((_, label) => support[label]! + predicted[label]! > 0);
  const macro = (key: 'precision' | 'recall' | 'f1') =>
    occurring.reduce((sum, c) => sum + c[key], 0) / occurring.length;
  const weighted = (key: 'precision' | 'recall' | 'f1') =>
    occurring.reduce((sum, c) => sum + c[key] * c.support, 0) / labels.length;

  // One label a row: every row that is wrong is one false positive and one false negative, so all micro
  // averages are the accuracy.
  const accuracy = matrix.reduce((sum, row, label) => sum + row[label]!, 0) / labels.length;
  const areas = rocAuc(probabilities, labels, support);
  return {
    accuracy,
    f1_macro: macro('f1'),
    f1_micro: accuracy,
    f1_weighted: weighted('f1'),
    precision_macro: macro('precision'),
    precision_micro: accuracy,
    precision_weighted: weighted('precision'),
    recall_macro: macro('recall'),
    recall_micro: accuracy,
    recall_weighted: weighted('recall'),
    mcc: matthewsCorrelation(matrix),
    roc_auc: areas.macro,
    roc_auc_weighted: areas.weighted,
    log_loss: logLoss(probabilities, labels, numLabels),
    per_class: perClass,
    confusion_matrix: matrix,
  };
}

/** Mean negative log-likelihood in nats, probabilities clipped to `[eps, 1 - eps]` of float64. */
function logLoss(probabilities: Float64Array, labels: Int32Array, numLabels: number): number | null {
  let sum = 0;
  for (const [row, label] of labels.entries()) {
    const p = probabilities[row * numLabels + label]!;
    sum -= Math.log(Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON));
  }
  return Number.isFinite(sum) ? sum / labels.length : null;
}

/** A quotient whose zero denominator gives 0 (`zero_division=0`). */
function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}
