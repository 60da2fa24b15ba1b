import { percentileInterval, type Interval } from './bootstrap.ts';
import { mcnemar } from './mcnemar.ts';
import type { Measured, Metric } from './measured.ts';

export interface PairedTest {
  /** B minus A, in points. */
  difference: Interval;
  /** Of McNemar's test for accuracy; of the paired bootstrap for F1. */
  p: number;
  /** Rows that only one of them has right. */
  onlyA: number;
  onlyB: number;
  /** Whether the 95 % interval leaves out zero. */
  shown: boolean;
}

/** Two runs that were measured on the same rows. */
export function pairedTest(metric: Metric, a: Measured, b: Measured): PairedTest {
  const [ofA, ofB] = [a.resamples[metric], b.resamples[metric]];
  const differences = Float32Array.from(ofA, (value, i) => 100 * (ofB[i]! - value));
  const difference = percentileInterval(100 * (b[metric] - a[metric]), differences);
  let [onlyA, onlyB] = [0, 0];
  for (let row = 0; row < a.right.length; row++) {
    const ahead = b.right[row]! - a.right[row]!;
    if (ahead > 0) onlyB++;
    else if (ahead < 0) onlyA++;
  }
  const shown = difference.low > 0 || difference.high < 0;
  return {
    difference,
    p: metric === 'accuracy' ? mcnemar(onlyA, onlyB) : shareBeyondZero(differences),
    onlyA,
    onlyB,
    shown,
  };
}

/** Two-sided: twice the smaller share of resamples on one side of zero. */
function shareBeyondZero(differences: Float32Array): number {
  let [below, above] = [0, 0];
  for (const difference of differences) {
    if (difference <= 0) below++;
    if (difference >= 0) above++;
  }
  return Math.min(1, (2 * Math.min(below, above)) / differences.length);
}

/** "B is better than A by 1.8 points (95 % interval 0.4 to 3.2)."; `test` is of B against A. */
export function verdictSentence(
  a: string,
  b: string,
  { difference, shown }: Pick<PairedTest, 'difference' | 'shown'>,
): string {
  const { value, low, high } = difference;
  const interval = (from: number, to: number) => `95 % interval ${points(from)} to ${points(to)}`;
  if (!shown) {
    return `No difference shown between ${a} and ${b}: ${points(value)} points (${interval(low, high)}).`;
  }
  return value > 0
    ? `${b} is better than ${a} by ${points(value)} points (${interval(low, high)}).`
    : `${a} is better than ${b} by ${points(-value)} points (${interval(-high, -low)}).`;
}

/** One decimal, without "-0.0". */
const points = (value: number): string => (Math.round(10 * value) / 10 + 0).toFixed(1);
