import type { CommonRows, Comparison } from '../contract/compare.ts';
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

/** A piece of a verdict: the name of a run, the size of the difference, its interval, or the words between. */
export interface VerdictPart {
  kind: 'plain' | 'name' | 'size' | 'interval';
  text: string;
  /** Of a name: the run's experiment. */
  id?: string;
}

type Judged = Pick<Comparison, 'baselineId' | 'verdict'> & {
  runs: readonly (Pick<Comparison['runs'][number], 'name' | 'against'> & { experiment: { id: string } })[];
};

/** "B is better than A by 1.8 points (95 % interval 0.4 to 3.2)." in its pieces. */
export function verdictParts({ runs, baselineId, verdict }: Judged): VerdictPart[] {
  const name = (id: string): VerdictPart => ({
    kind: 'name',
    text: runs.find(({ experiment }) => experiment.id === id)?.name ?? '',
    id,
  });
  const plain = (text: string): VerdictPart => ({ kind: 'plain', text });
  const baseline = name(baselineId);
  if (verdict.kind === 'untested') {
    if (verdict.why !== null)
      return [baseline, plain(` ${verdict.why}${runs.length === 1 ? '' : ' Choose another baseline.'}`)];
    if (runs.length === 1) return [plain('Nothing to compare '), baseline, plain(' with yet.')];
    return [plain('No other run was evaluated on the same rows as '), baseline, plain('.')];
  }
  const { difference, common } = verdict;
  const { value, low, high } = difference.points;
  const other = name(verdict.otherId);
  const size = (by: number): VerdictPart => ({ kind: 'size', text: `${points(by)} points` });
  const interval = (from: number, to: number): VerdictPart[] => [
    plain(' '),
    { kind: 'interval', text: `(95 % interval ${points(from)} to ${points(to)})` },
  ];
  const better = (a: VerdictPart, b: VerdictPart): VerdictPart[] => [
    a,
    plain(' is better than '),
    b,
    plain(' by '),
  ];
  const tested = runs.filter(({ against }) => against !== null).length;
  const caution =
    tested < 2
      ? ''
      : ` ${tested + 1} runs were compared: the best of several looks a little better than it is.`;
  return [
    ...(!difference.shown
      ? [plain('No difference shown between '), baseline, plain(' and '), other, plain(': '), size(value)]
      : value > 0
        ? [...better(other, baseline), size(value)]
        : [...better(baseline, other), size(-value)]),
    ...(difference.shown && value <= 0 ? interval(-high, -low) : interval(low, high)),
    plain(`${common ? `, ${whichRows(common)}` : ''}.${caution}`),
  ];
}

export const verdictText = (comparison: Judged): string =>
  verdictParts(comparison)
    .map(({ text }) => text)
    .join('');

function whichRows({ rows, versions }: CommonRows): string {
  const those = `on the ${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`;
  return versions === null
    ? `${those} that both answered`
    : `${those} that ${versions.join(' and ')} have with the same label`;
}

/** One decimal, without "-0.0". */
const points = (value: number): string => (Math.round(10 * value) / 10 + 0).toFixed(1);
