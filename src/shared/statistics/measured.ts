import type { Task } from '../tasks/task.ts';
import { percentileInterval, type Interval } from './bootstrap.ts';
import { Sfc32 } from './sfc32.ts';

const RESAMPLES = 2000;
const SEED = 42;

/** A run on its rows, with all that it takes to compare it with another one on the same rows. */
export interface Measured {
  /** By metric: its value with its 95 % interval, and what it is on `RESAMPLES` resamples of the rows. */
  figures: Readonly<Record<string, { interval: Interval; resamples: Float32Array }>>;
  /** By row: 1 where it is right. */
  right: Uint8Array;
}

/**
 * The compared metrics of runs of one task, on their rows (at least one) and on resamples of them with replacement
 * (Efron 1979). Which rows are drawn depends on their number alone: two runs on the same rows are paired though
 * measured apart.
 */
export function measure<Columns>(
  task: Pick<Task<object, Columns>, 'compared' | 'statistic' | 'right'>,
  runs: readonly Columns[],
): Measured[] {
  const statistic = task.statistic(runs);
  const right = runs.map((columns) => task.right(columns));
  const rows = right[0]!.length;
  const resamples = runs.map(() => task.compared.map(() => new Float32Array(RESAMPLES)));
  const random = new Sfc32(SEED);
  const times = new Uint8Array(rows).fill(1);
  const values = statistic(times);
  for (let i = 0; i < RESAMPLES; i++) {
    times.fill(0);
    for (let n = 0; n < rows; n++) times[Math.floor(random.random() * rows)]!++;
    for (const [run, found] of statistic(times).entries())
      for (const [m, value] of found.entries()) resamples[run]![m]![i] = value;
  }
  return runs.map((_, run) => {
    const figures = task.compared.map(({ key }, m) => {
      const drawn = resamples[run]![m]!;
      return [key, { interval: percentileInterval(values[run]![m]!, drawn), resamples: drawn }] as const;
    });
    return { figures: Object.fromEntries(figures), right: right[run]! };
  });
}
