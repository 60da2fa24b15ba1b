import { multinomial } from '../random/multinomial.ts';
import { Pcg64 } from '../random/pcg64.ts';

export interface Interval {
  value: number;
  /** 95 %: the 2.5th and the 97.5th percentile. */
  low: number;
  high: number;
}

const RESAMPLES = 2000;

/**
 * Rows that count alike in every metric: the same expected class and the same answer of each run. Resampling rows
 * with replacement draws these counts from a multinomial distribution, so a resample costs as many draws as there
 * are cells, however many rows there are.
 */
export interface Cells {
  /** Place of the expected class, by cell. */
  expected: Int32Array;
  /** Places of the predicted classes: one array a run. */
  predicted: readonly Int32Array[];
  counts: Float64Array;
  rows: number;
}

/** Groups rows into cells. All arrays have one entry a row; classes are places below `labels`. */
export function cellsOf(
  expected: ArrayLike<number>,
  predicted: readonly ArrayLike<number>[],
  labels: number,
): Cells {
  const found = new Map<number, number>();
  const rows = expected.length;
  for (let row = 0; row < rows; row++) {
    let key = expected[row]!;
    for (const run of predicted) key = key * labels + run[row]!;
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  const size = found.size;
  const cells: Cells = {
    expected: new Int32Array(size),
    predicted: predicted.map(() => new Int32Array(size)),
    counts: new Float64Array(size),
    rows,
  };
  // In order of their keys: the draws must not depend on the order of the rows.
  for (const [i, [key, count]] of [...found].sort((a, b) => a[0] - b[0]).entries()) {
    let left = key;
    for (let run = predicted.length - 1; run >= 0; run--) {
      cells.predicted[run]![i] = left % labels;
      left = Math.floor(left / labels);
    }
    cells.expected[i] = left;
    cells.counts[i] = count;
  }
  return cells;
}

/** A number made of how often each cell occurs. */
export type Statistic = (counts: Float64Array) => number;

/** Percentile intervals (Efron 1979) of several statistics over the same `RESAMPLES` seeded resamples. */
export function bootstrap(cells: Cells, statistics: readonly Statistic[], seed = 42): Interval[] {
  const random = new Pcg64(seed);
  const counts = new Float64Array(cells.counts.length);
  const values = statistics.map(() => new Float64Array(RESAMPLES));
  for (let i = 0; i < RESAMPLES; i++) {
    multinomial(random, cells.rows, cells.counts, counts);
    for (const [s, statistic] of statistics.entries()) values[s]![i] = statistic(counts);
  }
  return statistics.map((statistic, s) => percentileInterval(statistic(cells.counts), values[s]!));
}

/** A value with the 2.5th and the 97.5th percentile of what it was on resamples. */
export function percentileInterval(value: number, resamples: Float32Array | Float64Array): Interval {
  const sorted = Float64Array.from(resamples).sort();
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/** Linear between the two neighbours, as numpy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** The share of rows that run number `run` has right. */
export function accuracyOf(cells: Cells, run: number): Statistic {
  const predicted = cells.predicted[run]!;
  const { expected, rows } = cells;
  return (counts) => {
    let right = 0;
    for (let i = 0; i < counts.length; i++) if (predicted[i] === expected[i]) right += counts[i]!;
    return right / rows;
  };
}
