import { fitLogisticRegression } from './logistic-regression.ts';

/** scikit-learn's default. */
const C = 1;

export interface Vectors {
  /** [rows, width], row-major. */
  values: Float32Array;
  width: number;
}

/** Log-probabilities [rows, classes] that a logistic regression on frozen vectors gives to other rows. */
export function linearProbe(
  train: Vectors,
  labels: ArrayLike<number>,
  classes: number,
  rows: Vectors,
): Float32Array {
  const { width } = train;
  const scale = standardScale(train);
  const fitted = fitLogisticRegression({ features: scaled(train, scale), width, labels, classes, C });
  return Float32Array.from(fitted.probabilities(scaled(rows, scale)), (p) =>
    Math.log(Math.max(p, Number.MIN_VALUE)),
  );
}

interface Scale {
  mean: Float64Array;
  deviation: Float64Array;
}

/** Mean and standard deviation of each column, as StandardScaler takes them; a constant column is left as it is. */
function standardScale({ values, width }: Vectors): Scale {
  const rows = values.length / width;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width]! += values[i]! / rows;
  for (let i = 0; i < values.length; i++)
    deviation[i % width]! += (values[i]! - mean[i % width]!) ** 2 / rows;
  return { mean, deviation: deviation.map((variance) => Math.sqrt(variance) || 1) };
}

function scaled({ values, width }: Vectors, { mean, deviation }: Scale): Float64Array {
  return Float64Array.from(values, (x, i) => (x - mean[i % width]!) / deviation[i % width]!);
}
