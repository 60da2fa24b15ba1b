import { argmax, softmax } from '../../../shared/statistics/probabilities.ts';

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

/**
 * How often label `row` was predicted as label `column`: `[numLabels][numLabels]`, rows are the true labels.
 * A label outside `0 … numLabels - 1` throws a RangeError.
 */
function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  numLabels: number,
): number[][] {
  const matrix = Array.from({ length: numLabels }, () => new Array<number>(numLabels).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i]!];
    const predicted = predictions[i]!;
    if (row?.[predicted] === undefined) {
      throw new RangeError(
        `Row ${i}: label ${labels[i]!} or prediction ${predicted} is not below ${numLabels}.`,
      );
    }
    row[predicted] += 1;
  }
  return matrix;
}

/** Row sums: how many rows have each true label. */
function supports(matrix: readonly (readonly number[])[]): number[] {
  return matrix.map(sum);
}

/** Column sums: how many rows were predicted as each label. */
function predictedCounts(matrix: readonly (readonly number[])[]): number[] {
  return matrix.map((_, column) => sum(matrix.map((row) => row[column]!)));
}

/**
 * Matthews correlation coefficient for any number of classes, in -1 … 1 (Gorodkin 2004, R_K); 0 where only
 * one label occurs or only one is predicted.
 */
function matthewsCorrelation(matrix: readonly (readonly number[])[]): number {
  const truth = supports(matrix);
  const predicted = predictedCounts(matrix);
  const total = sum(truth);
  const correct = sum(matrix.map((row, label) => row[label]!));
  const covariance = (a: number[], b: number[]) => sum(a.map((value, label) => value * b[label]!));
  const spread = (total ** 2 - covariance(predicted, predicted)) * (total ** 2 - covariance(truth, truth));
  return spread === 0 ? 0 : (correct * total - covariance(truth, predicted)) / Math.sqrt(spread);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Area under the ROC curve of one class against the rest, by the rank-sum identity (Hanley and McNeil 1982):
 * equal scores share their mean rank, which is the trapezoid rule on the curve.
 *
 * @param scores `[n]`, larger means more likely positive
 * @returns null where there is no positive or no negative row, or a score is NaN
 */
function binaryRocAuc(scores: Float64Array, isPositive: (row: number) => boolean): number | null {
  if (scores.some(Number.isNaN)) return null;
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let tied = 0;
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      if (isPositive(order[end]!)) tied += 1;
    }
    positives += tied;
    rankSum += (tied * (start + 1 + end)) / 2;
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * ROC-AUC as scikit-learn's `roc_auc_score` gives it: with two labels the curve of the second one, with more
 * the one-vs-rest mean over labels, plain (`macro`) and weighted by support.
 *
 * @param probabilities row-major `[n, numLabels]`
 * @param support rows of each label
 * @returns null where undefined: `macro` needs every label among the rows, `weighted` at least two
 */
function rocAuc(
  probabilities: Float64Array,
  labels: ArrayLike<number>,
  support: readonly number[],
): { macro: number | null; weighted: number | null } {
  const numLabels = support.length;
  const scores = new Float64Array(labels.length);
  const of = (label: number) => {
    for (let row = 0; row < scores.length; row++) scores[row] = probabilities[row * numLabels + label]!;
    return binaryRocAuc(scores, (row) => labels[row] === label);
  };
  if (numLabels === 2) {
    const area = of(1);
    return { macro: area, weighted: area };
  }
  const areas = support.map((_, label) => of(label));
  return {
    macro: weightedMean(
      areas,
      support.map(() => 1),
    ),
    weighted: weightedMean(areas, support),
  };
}

/** Values of weight 0 may be undefined; any other undefined value makes the mean undefined. */
function weightedMean(values: readonly (number | null)[], weights: readonly number[]): number | null {
  let total = 0;
  let weightSum = 0;
  for (const [i, value] of values.entries()) {
    if (weights[i] === 0) continue;
    if (value === null) return null;
    total += value * weights[i]!;
    weightSum += weights[i]!;
  }
  return weightSum === 0 ? null : total / weightSum;
}
