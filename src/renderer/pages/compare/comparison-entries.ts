import type { Comparison, Difference, Interval, RunFigures } from '../../../shared/contract/compare.ts';
import { runLabels, type LabelledRun } from '../../evaluation/labelled-runs.ts';

/** What the runs are judged by. */
export type Judge = 'accuracy' | 'macroF1';
export const judgeNames: Readonly<Record<Judge, string>> = { accuracy: 'accuracy', macroF1: 'macro F1' };
/** "Macro F1" */
export const judgeTitle = (judge: Judge): string =>
  judgeNames[judge].replace(/^./, (letter) => letter.toUpperCase());

/** A run with its look, or the seeds of one configuration under one name. */
export interface Entry {
  /** The id of its first run. */
  key: string;
  label: string;
  /** Its number among the colours, from 0. */
  colour: number;
  runs: readonly LabelledRun[];
  /** Mean over the seeds, with the smallest and the largest; null: no seeds. */
  seeds: Readonly<Record<Judge, Interval | null>> | null;
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
    const { accuracy, macroF1 } = groupOf(id) ?? {};
    const seeds = accuracy === undefined || macroF1 === undefined ? null : { accuracy, macroF1 };
    return { key: id, label: labels.get(id)!, colour, runs: membersOf(id), seeds };
  });
}

export type FigureName = Judge | 'difference' | 'mcc' | 'trainable' | 'seconds' | 'memory' | 'bytes';

/** A figure of a run; null where it is not known. `judge`: what the difference is of. */
export function figureOf(run: RunFigures, name: FigureName, judge: Judge): number | null {
  const { experiment } = run;
  switch (name) {
    case 'accuracy':
    case 'macroF1':
      return run[name]?.value ?? null;
    case 'difference':
      return run.against?.[judge].points.value ?? null;
    case 'mcc':
      return experiment.metrics?.['mcc'] ?? null;
    case 'trainable':
      return experiment.trainable;
    case 'seconds':
      return experiment.trainSeconds;
    case 'memory':
      return experiment.peakMemoryMb;
    case 'bytes':
      return run.adapterBytes;
  }
}

/** The mean over the runs of an entry; null where none has it. */
export function entryFigure(entry: Entry, name: FigureName, judge: Judge): number | null {
  if (entry.seeds && (name === 'accuracy' || name === 'macroF1')) return entry.seeds[name]?.value ?? null;
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
export function winnerOf({ runs, baselineId, bestId }: Comparison, judge: Judge): RunFigures | null {
  if (judge === 'accuracy') return runs.find(({ experiment }) => experiment.id === bestId) ?? null;
  const rowsKey = runs.find(({ experiment }) => experiment.id === baselineId)?.rowsKey ?? null;
  const judged = runs.filter((run) => run[judge] !== null && rowsKey !== null && run.rowsKey === rowsKey);
  return judged.reduce<RunFigures | null>(
    (best, run) => (best === null || run[judge]!.value > best[judge]!.value ? run : best),
    null,
  );
}

/** "better", "worse", or that no difference is shown. */
export const verdictOf = ({ shown, points }: Difference): 'better' | 'worse' | 'none shown' =>
  !shown ? 'none shown' : points.value > 0 ? 'better' : 'worse';
