import { accuracyOf, bootstrap, cellsOf, macroF1Of, type Interval } from './bootstrap.ts';
import { mcnemar } from './mcnemar.ts';

export interface PairedTest {
  metric: 'accuracy' | 'f1_macro';
  /** B minus A, in points. */
  difference: Interval;
  /** Of McNemar's test for accuracy; of the paired bootstrap for F1. */
  p: number;
  /** Rows that only one of them has right. */
  onlyA: number;
  onlyB: number;
  /** Whether the 95 % interval leaves out zero. */
  shown: boolean;
  /** "B is better than A by 1.8 points (95 % interval 0.4 to 3.2)." */
  sentence: string;
}

export interface Answers {
  name: string;
  /** Places of the predicted classes, one a row. */
  predicted: ArrayLike<number>;
}

/** Two runs on the same rows. `expected`: places of the true classes, one a row, below `labels`. */
export function pairedTest(
  metric: PairedTest['metric'],
  expected: ArrayLike<number>,
  a: Answers,
  b: Answers,
  labels: number,
): PairedTest {
  const cells = cellsOf(expected, [a.predicted, b.predicted], labels);
  const of = metric === 'accuracy' ? accuracyOf : macroF1Of;
  const [ofA, ofB] = [of(cells, 0), of(cells, 1)];
  let [below, above, total] = [0, 0, 0];
  const [points] = bootstrap(cells, [
    (counts) => {
      const difference = 100 * (ofB(counts) - ofA(counts));
      total++;
      if (difference <= 0) below++;
      if (difference >= 0) above++;
      return difference;
    },
  ]);
  const difference = points!;
  let [onlyA, onlyB] = [0, 0];
  for (let i = 0; i < cells.counts.length; i++) {
    const [rightA, rightB] = cells.predicted.map((predicted) => predicted[i] === cells.expected[i]);
    if (rightA && !rightB) onlyA += cells.counts[i]!;
    if (rightB && !rightA) onlyB += cells.counts[i]!;
  }
  const p = metric === 'accuracy' ? mcnemar(onlyA, onlyB) : Math.min(1, (2 * Math.min(below, above)) / total);
  const shown = difference.low > 0 || difference.high < 0;
  return {
    metric,
    difference,
    p,
    onlyA,
    onlyB,
    shown,
    sentence: sentenceOf(a.name, b.name, difference, shown),
  };
}

function sentenceOf(a: string, b: string, { value, low, high }: Interval, shown: boolean): string {
  const interval = (from: number, to: number) => `95 % interval ${from.toFixed(1)} to ${to.toFixed(1)}`;
  if (!shown) {
    return `No difference shown between ${a} and ${b}: ${value.toFixed(1)} points (${interval(low, high)}).`;
  }
  return value > 0
    ? `${b} is better than ${a} by ${value.toFixed(1)} points (${interval(low, high)}).`
    : `${a} is better than ${b} by ${(-value).toFixed(1)} points (${interval(-high, -low)}).`;
}
