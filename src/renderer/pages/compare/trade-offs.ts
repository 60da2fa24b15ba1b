import { bytes, duration, megabytes, short } from '../../format.ts';
import type { ParallelAxis, ParallelRun } from '../../charts/parallel-chart.ts';
import type { ScatterPoint } from '../../charts/scatter-chart.ts';
import type { ValueText } from '../../charts/look.ts';
import type { Comparison } from '../../../shared/contract.ts';
import type { LabelledRun } from '../../evaluation/labelled-runs.ts';
import { textOfValue } from '../../forms/field-text.ts';
import { metricOf } from '../../../shared/tasks/index.ts';
import { figureOf, judgeLook, type Judge } from './comparison-entries.ts';

export type Cost = 'trainable' | 'seconds' | 'memory' | 'bytes';
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
  return runs.flatMap((run) => {
    const x = figureOf(run, cost, judge);
    const interval = run.metrics[judge];
    if (x === null || !interval) return [];
    const { value: y, low, high } = interval;
    return [{ key: run.id, label: run.label, colour: run.colour, x, y, low, high }];
  });
}

/** More axes than this stand too close. */
const MOST_AXES = 8;

/** The settings that differ as axes, and the metric as the last; `left`: settings that have no axis. */
export function parallelAxes(
  { differences }: Pick<Comparison, 'differences'>,
  runs: readonly LabelledRun[],
  judge: Judge,
): { axes: ParallelAxis[]; runs: ParallelRun[]; left: number } {
  const judged = runs.filter((run) => run.metrics[judge]);
  const names = settingNames(differences.map(({ path }) => path));
  const settings = differences.slice(0, MOST_AXES).map(({ path, values }, at): ParallelAxis => ({
    key: path,
    label: names[at]!,
    values: judged.map((run) => axisValue(values[runs.indexOf(run)])),
    text: settingText,
  }));
  return {
    axes: [
      ...settings,
      {
        key: 'metric',
        label: metricOf(judge).name,
        values: judged.map((run) => run.metrics[judge]!.value),
        text: judgeLook(judge).text,
      },
    ],
    runs: judged.map(({ id, label, colour }) => ({ key: id, label, colour })),
    left: differences.length - settings.length,
  };
}

const axisValue = (value: unknown): number | string | null => {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' ? value : settingText(value);
};

/** A setting's value as one reads it; "—" where it is not set. */
export function settingText(value: unknown): string {
  const text = textOfValue(value);
  return text === '' ? '—' : text;
}

/** "learning_rate" for "training.learning_rate"; the whole path where two settings end alike. */
export function settingNames(paths: readonly string[]): string[] {
  const ends = paths.map((path) => path.split('.').at(-1)!);
  return paths.map((path, at) => (ends.filter((end) => end === ends[at]).length > 1 ? path : ends[at]!));
}
