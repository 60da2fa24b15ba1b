/**
 * How often label `row` was predicted as label `column`: `[numLabels][numLabels]`, rows are the true labels.
 * A label outside `0 … numLabels - 1` throws a RangeError.
 */
export function confusionMatrix(
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
export function supports(matrix: readonly (readonly number[])[]): number[] {
  return matrix.map(sum);
}

/** Column sums: how many rows were predicted as each label. */
export function predictedCounts(matrix: readonly (readonly number[])[]): number[] {
  return matrix.map((_, column) => sum(matrix.map((row) => row[column]!)));
}

/**
 * Matthews correlation coefficient for any number of classes, in -1 … 1 (Gorodkin 2004, R_K); 0 where only
 * one label occurs or only one is predicted.
 */
export function matthewsCorrelation(matrix: readonly (readonly number[])[]): number {
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
