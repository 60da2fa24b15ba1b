/**
 * Logistic regression with an L2 penalty, as scikit-learn's LogisticRegression defines it: the least of
 * C·Σ log-loss + ½‖W‖², the intercept free; two classes have one weight vector, more have one each (softmax).
 */
import { minimize } from './lbfgs.ts';

export interface LogisticRegression {
  /** Probabilities [rows, classes], row-major. */
  probabilities(features: Float64Array): Float64Array;
}

export interface LogisticOptions {
  /** [rows, width], row-major. */
  features: Float64Array;
  width: number;
  /** Class ids. */
  labels: ArrayLike<number>;
  classes: number;
  /** Higher fits the rows more closely. */
  C: number;
}

/** Fits by L-BFGS from zero; the same rows give the same bits. */
export function fitLogisticRegression(options: LogisticOptions): LogisticRegression {
  const { width, classes } = options;
  // Two classes: one vector, whose sign says which.
  const outputs = classes === 2 ? 1 : classes;
  const weights = minimize(outputs * (width + 1), (theta, gradient) =>
    objective(options, outputs, theta, gradient),
  );
  return {
    probabilities(features) {
      const rows = features.length / width;
      const result = new Float64Array(rows * classes);
      const scores = new Float64Array(outputs);
      for (let row = 0; row < rows; row++) {
        score(weights, features, row, width, scores);
        const target = result.subarray(row * classes, (row + 1) * classes);
        if (classes === 2) {
          target[1] = 1 / (1 + Math.exp(-scores[0]!));
          target[0] = 1 - target[1];
        } else softmaxInto(scores, target);
      }
      return result;
    },
  };
}

/** W·x + b of one row; `weights` is [outputs, width + 1], the intercept last. */
function score(
  weights: Float64Array,
  features: Float64Array,
  row: number,
  width: number,
  scores: Float64Array,
): void {
  const from = row * width;
  for (let k = 0; k < scores.length; k++) {
    const at = k * (width + 1);
    let sum = weights[at + width]!;
    for (let j = 0; j < width; j++) sum += weights[at + j]! * features[from + j]!;
    scores[k] = sum;
  }
}

function softmaxInto(scores: Float64Array, target: Float64Array): void {
  const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += target[k] = Math.exp(scores[k]! - most);
  for (let k = 0; k < scores.length; k++) target[k]! /= sum;
}

/** The value of the function to be made least; its slopes are written to `gradient`. */
function objective(
  { features, width, labels, C }: LogisticOptions,
  outputs: number,
  theta: Float64Array,
  gradient: Float64Array,
): number {
  gradient.fill(0);
  const scores = new Float64Array(outputs);
  const slopes = new Float64Array(outputs);
  let loss = 0;
  for (let row = 0; row < labels.length; row++) {
    score(theta, features, row, width, scores);
    const label = labels[row]!;
    if (outputs === 1) {
      const margin = label === 1 ? scores[0]! : -scores[0]!;
      loss += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
      slopes[0] = 1 / (1 + Math.exp(-scores[0]!)) - label;
    } else {
      softmaxInto(scores, slopes);
      loss -= Math.log(Math.max(slopes[label]!, Number.MIN_VALUE));
      slopes[label]! -= 1;
    }
    for (let k = 0; k < outputs; k++) {
      const at = k * (width + 1);
      const slope = C * slopes[k]!;
      for (let j = 0; j < width; j++) gradient[at + j]! += slope * features[row * width + j]!;
      gradient[at + width]! += slope;
    }
  }
  let penalty = 0;
  for (let k = 0; k < outputs; k++) {
    for (let j = 0; j < width; j++) {
      const at = k * (width + 1) + j;
      penalty += theta[at]! ** 2;
      gradient[at]! += theta[at]!;
    }
  }
  return C * loss + penalty / 2;
}
