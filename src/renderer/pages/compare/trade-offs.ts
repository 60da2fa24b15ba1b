import { bytes, duration, megabytes, short } from '../../format.ts';
import type { ParallelAxis, ParallelRun } from '../../charts/parallel-chart.ts';
import type { ScatterPoint } from '../../charts/scatter-chart.ts';
import { shareText, type ValueText } from '../../charts/value-text.ts';
import type { Comparison } from '../../../shared/contract/compare.ts';
import { figureOf, judgeNames, type FigureName, type Judge, type LabelledRun } from './comparison-entries.ts';
import { settingNames, settingText } from './setting-text.ts';

export type Cost = Extract<FigureName, 'trainable' | 'seconds' | 'memory' | 'bytes'>;
/** What a run cost: its name on the axis, in the choice, and its values as texts. */
export const costs: Readonly<Record<Cost, { name: string; choice: string; text: ValueText }>> = {
  trainable: { name: 'trained parameters', choice: 'parameters', text: (value) => short(value) },
  seconds: { name: 'training time', choice: 'time', text: (value) => duration(value) },
  memory: { name: 'peak memory', choice: 'memory', text: (value) => megabytes(value) },
  bytes: { name: 'size of the adapter', choice: 'size', text: (value) => bytes(value) },
};
export const isCost = (name: string): name is Cost => Object.hasOwn(costs, name);

/** The runs as points: what they cost and what they reach. A run without either is left out. */
export function tradeOffPoints(runs: readonly LabelledRun[], cost: Cost, judge: Judge): ScatterPoint[] {
  return runs.flatMap(({ figures, label, colour }) => {
    const x = figureOf(figures, cost, judge);
    const interval = figures[judge];
    if (x === null || interval === null) return [];
    const { value: y, low, high } = interval;
    return [{ key: figures.experiment.id, label, colour, x, y, low, high }];
  });
}

/** More axes than this stand too close. */
const MOST_AXES = 8;

/** The settings that differ as axes, and the metric as the last; `left`: settings that have no axis. */
export function parallelAxes(
  { runs: figures, differences }: Comparison,
  runs: readonly LabelledRun[],
  judge: Judge,
): { axes: ParallelAxis[]; runs: ParallelRun[]; left: number } {
  const judged = runs.filter((run) => run.figures[judge] !== null);
  const places = judged.map((run) => figures.indexOf(run.figures));
  const names = settingNames(differences.map(({ path }) => path));
  const settings = differences.slice(0, MOST_AXES).map(({ path, values }, at): ParallelAxis => ({
    key: path,
    label: names[at]!,
    values: places.map((place) => axisValue(values[place])),
    text: settingText,
  }));
  return {
    axes: [
      ...settings,
      {
        key: 'metric',
        label: judgeNames[judge],
        values: judged.map((run) => run.figures[judge]!.value),
        text: shareText,
      },
    ],
    runs: judged.map(({ figures: { experiment }, label, colour }) => ({ key: experiment.id, label, colour })),
    left: differences.length - settings.length,
  };
}

const axisValue = (value: unknown): number | string | null => {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' ? value : settingText(value);
};
