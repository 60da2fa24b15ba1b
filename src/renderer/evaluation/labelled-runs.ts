import { taskOf } from '../../shared/tasks/index.ts';
import type { Interval, RunFigures } from '../../shared/contract.ts';

/** A run as all parts of a page show it: with the same short name and colour everywhere. */
export interface LabelledRun extends RunFigures {
  /** Of the experiment. */
  id: string;
  label: string;
  /** Its number among the colours, from 0. */
  colour: number;
  /** By its task's main metric; null: no answers are kept. */
  main: Interval | null;
}

/** The runs in their order, each in its colour. */
export function labelledRuns(runs: readonly RunFigures[]): LabelledRun[] {
  const labels = runLabels(runs.map(({ experiment }) => experiment));
  return runs.map((run, colour) => {
    const { id, name } = run.experiment;
    const main = run.metrics[taskOf(run.experiment.task).compared[0]!.key] ?? null;
    return { ...run, id, colour, main, label: labels.get(id) ?? name };
  });
}

interface Named {
  id: string;
  name: string;
  seed: number;
}
const SEPARATORS = [', ', ' · ', ': ', ' / ', ' | '];

/**
 * Names for narrow places, by id: what all names begin with is left out ("SMS Spam, "), runs of one name have their
 * seed, and what is still the same is numbered.
 */
export function runLabels(runs: readonly Named[]): Map<string, string> {
  const start = commonStart([...new Set(runs.map(({ name }) => name))]);
  const short = runs.map(({ name }) => name.slice(start));
  const seeded = runs.map(({ seed }, at) => {
    const same = runs.filter((_, other) => short[other] === short[at]);
    const seeds = new Set(same.map((one) => one.seed));
    return seeds.size > 1 ? `${short[at]}, seed ${seed}` : short[at]!;
  });
  return new Map(
    runs.map(({ id }, at) => {
      const before = seeded.slice(0, at).filter((label) => label === seeded[at]).length;
      return [id, before === 0 ? seeded[at]! : `${seeded[at]} (${before + 1})`];
    }),
  );
}

/** How many characters all names share at their start, up to the end of a part. */
function commonStart(names: readonly string[]): number {
  const [first = '', ...others] = names;
  if (others.length === 0) return 0;
  const ends = SEPARATORS.flatMap((separator) => {
    const found: number[] = [];
    for (let at = first.indexOf(separator); at >= 0; at = first.indexOf(separator, at + 1)) {
      found.push(at + separator.length);
    }
    return found;
  });
  const shared = ends.filter((end) =>
    names.every((name) => name.length > end && name.startsWith(first.slice(0, end))),
  );
  return Math.max(0, ...shared);
}
