import type { CommonRows, Comparison, Difference } from '../contract/compare.ts';
import { metricOf } from '../tasks/index.ts';
import type { Metric } from '../tasks/task.ts';
import { percentileInterval } from './bootstrap.ts';
import { mcnemar } from './mcnemar.ts';
import type { Measured } from './measured.ts';

/** Two runs that were measured on the same rows: B minus A in a metric that both have, a share in points. */
export function pairedTest({ key, share, countsRows = false }: Metric, a: Measured, b: Measured): Difference {
  const [ofA, ofB] = [a.figures[key]!, b.figures[key]!];
  const scale = share ? 100 : 1;
  const differences = Float32Array.from(ofA.resamples, (value, i) => scale * (ofB.resamples[i]! - value));
  const points = percentileInterval(scale * (ofB.interval.value - ofA.interval.value), differences);
  return {
    points,
    p: countsRows ? mcnemar(...onlyRight(a, b)) : shareBeyondZero(differences),
    shown: points.low > 0 || points.high < 0,
  };
}

/** Rows that only A has right, and that only B has. */
export function onlyRight(a: Pick<Measured, 'right'>, b: Pick<Measured, 'right'>): [number, number] {
  let [onlyA, onlyB] = [0, 0];
  for (const [row, right] of a.right.entries()) {
    const ahead = b.right[row]! - right;
    if (ahead > 0) onlyB++;
    else if (ahead < 0) onlyA++;
  }
  return [onlyA, onlyB];
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
  const { share, higherIsBetter } = metricOf(verdict.metric);
  const number = share ? points : (by: number): string => Number(by.toPrecision(3)).toString();
  const other = name(verdict.otherId);
  const size = (by: number): VerdictPart => ({
    kind: 'size',
    text: share ? `${points(by)} points` : number(by),
  });
  const interval = (from: number, to: number): VerdictPart[] => [
    plain(' '),
    { kind: 'interval', text: `(95 % interval ${number(from)} to ${number(to)})` },
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
      : [
          ...(value > 0 === higherIsBetter ? better(other, baseline) : better(baseline, other)),
          size(Math.abs(value)),
        ]),
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
