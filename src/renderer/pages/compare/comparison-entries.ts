import type { Comparison, Difference, Interval, RunFigures } from '../../../shared/contract.ts';
import { metricOf, taskKeys, taskOf } from '../../../shared/tasks/index.ts';
import type { Metric } from '../../../shared/tasks/task.ts';
import { numberText, shareText, type ValueText } from '../../charts/look.ts';
import { runLabels, type LabelledRun } from '../../evaluation/labelled-runs.ts';

/** What the runs are judged by: the key of a metric that their task compares. */
export type Judge = string;

/** The metrics that runs can be judged by, as the baseline's task has them; the main one first. */
export function judgesOf({ runs, baselineId }: Comparison): readonly Metric[] {
  const baseline = runs.find(({ experiment }) => experiment.id === baselineId) ?? runs[0];
  return taskOf(baseline?.experiment.task ?? taskKeys[0]!).compared;
}

/** "Macro F1" */
export const judgeTitle = (judge: Judge): string =>
  metricOf(judge).name.replace(/^./, (letter) => letter.toUpperCase());

/** How its values are drawn and read: a share from 0 to 1, as per cent. */
export const judgeLook = (judge: Judge): { text: ValueText; limits: [number, number] | undefined } =>
  metricOf(judge).share ? { text: shareText, limits: [0, 1] } : { text: numberText, limits: undefined };

/** A run with its look, or the seeds of one configuration under one name. */
export interface Entry {
  /** The id of its first run. */
  key: string;
  label: string;
  /** Its number among the colours, from 0. */
  colour: number;
  runs: readonly LabelledRun[];
  /** Mean over the seeds, with the smallest and the largest; null: no seeds. */
  seeds: Readonly<Record<Judge, Interval>> | null;
}

/** The runs in their order; seeds of one configuration stand together where the first of them does. */
export function entriesOf({ seedGroups }: Comparison, runs: readonly LabelledRun[]): Entry[] {
  const groups = seedGroups.filter(({ ids }) => ids.length > 1);
  const groupOf = (id: string) => groups.find(({ ids }) => ids.includes(id));
  const membersOf = (id: string) => runs.filter((run) => (groupOf(id)?.ids ?? [id]).includes(run.id));
  const firsts = runs.filter((run) => membersOf(run.id)[0] === run);
  const labels = runLabels(
    firsts.map(({ id, experiment }) => ({ ...experiment, name: groupOf(id)?.name ?? experiment.name })),
  );
  return firsts.map(({ id, colour }) => {
    const seeds = groupOf(id)?.metrics ?? null;
    return { key: id, label: labels.get(id)!, colour, runs: membersOf(id), seeds };
  });
}

/** The key of a metric, the difference in what is judged by, or what a run cost. */
export type FigureName = string;

/** A figure of a run; null where it is not known. `judge`: what the difference is of. */
export function figureOf(run: RunFigures, name: FigureName, judge: Judge): number | null {
  const { experiment } = run;
  switch (name) {
    case 'difference':
      return run.against?.[judge]?.points.value ?? null;
    case 'trainable':
      return experiment.trainable;
    case 'seconds':
      return experiment.trainSeconds;
    case 'memory':
      return experiment.peakMemoryMb;
    case 'bytes':
      return run.adapterBytes;
    default:
      return run.metrics[name]?.value ?? experiment.metrics?.[name] ?? null;
  }
}

/** The mean over the runs of an entry; null where none has it. */
export function entryFigure(entry: Entry, name: FigureName, judge: Judge): number | null {
  if (entry.seeds && entry.runs.some(({ metrics }) => name in metrics))
    return entry.seeds[name]?.value ?? null;
  const known = entry.runs.map((run) => figureOf(run, name, judge)).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Entries by a figure, seeds in themselves too; what has none stands last. */
export function sortedEntries(
  entries: readonly Entry[],
  name: FigureName,
  judge: Judge,
  descending: boolean,
): Entry[] {
  const order = (a: number | null, b: number | null): number => {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return descending ? b - a : a - b;
  };
  return entries
    .map((entry) => ({
      ...entry,
      runs: entry.runs.toSorted((a, b) => order(figureOf(a, name, judge), figureOf(b, name, judge))),
    }))
    .sort((a, b) => order(entryFigure(a, name, judge), entryFigure(b, name, judge)));
}

/** The best run of those that answered the baseline's rows; null where none has answers. */
export function winnerOf(comparison: Comparison, judge: Judge): RunFigures | null {
  const { runs, baselineId, bestId } = comparison;
  if (judge === judgesOf(comparison)[0]!.key)
    return runs.find(({ experiment }) => experiment.id === bestId) ?? null;
  const rowsKey = runs.find(({ experiment }) => experiment.id === baselineId)?.rowsKey ?? null;
  const sign = metricOf(judge).higherIsBetter ? 1 : -1;
  const worth = (run: RunFigures): number => sign * (run.metrics[judge]?.value ?? NaN);
  const judged = runs.filter((run) => run.metrics[judge] && rowsKey !== null && run.rowsKey === rowsKey);
  return judged.reduce<RunFigures | null>(
    (best, run) => (best === null || worth(run) > worth(best) ? run : best),
    null,
  );
}

/** "better", "worse", or that no difference is shown. */
export const verdictOf = ({ shown, points }: Difference, judge: Judge): 'better' | 'worse' | 'none shown' =>
  !shown ? 'none shown' : points.value > 0 === metricOf(judge).higherIsBetter ? 'better' : 'worse';
