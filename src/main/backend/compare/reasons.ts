import type { Comparison } from '../../../shared/contract/compare.ts';
import { taskOf } from '../../../shared/tasks/index.ts';
import type { Metric } from '../../../shared/tasks/task.ts';
import type { ComparedRun } from './runs.ts';
import type { TableRun } from './tasks/table-task.ts';

/** A run with what was counted of it, if anything was. */
export interface Counted {
  run: ComparedRun;
  count: TableRun | undefined;
}

const number = (n: number): string => n.toLocaleString('en-US');

/** "a, b and c"; "a, b and 7 more" of many. */
function list(parts: readonly string[], most = 4): string {
  const shown =
    parts.length > most ? [...parts.slice(0, most - 1), `${parts.length - most + 1} more`] : parts;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)!}`;
}

/** "These runs were evaluated on different rows: 1,000 of SMS Spam and 200 of SMS Spam v2." One run a group. */
export function differentRows(
  groups: readonly { data: string; rows: number; labels: readonly string[] }[],
): string {
  const labels = [...new Set(groups.map((group) => group.labels.join(', ')))];
  if (labels.length > 1)
    return `These runs have different labels: ${list(labels.map((names) => `(${names})`))}.`;
  const seen = new Set<string>();
  const parts = groups.map(({ data, rows }) => {
    const again = seen.has(data);
    seen.add(data);
    return again ? `${number(rows)} others of ${data}` : `${number(rows)} of ${data}`;
  });
  return `These runs were evaluated on different rows: ${list(parts)}.`;
}

const groupOf = ({ run, count }: Counted) => ({
  data: run.experiment.dataName,
  rows: count?.rows ?? 0,
  labels: count?.names ?? [],
});

/** Why a run has no answers; null: it has. */
const reasonOf = ({ run: { name, withoutAnswers } }: Pick<Counted, 'run'>): string | null =>
  withoutAnswers && `${name} ${withoutAnswers}`;

/** Why a run is not compared with the baseline; null: it is, or it is the baseline. */
export function reasonFor(one: Counted, baseline: Counted): string | null {
  const without = reasonOf(one);
  if (without !== null) return without;
  if (one === baseline || one.count?.against) return null;
  if (!baseline.count || !one.count) return reasonOf(baseline);
  return differentRows([groupOf(baseline), groupOf(one)]);
}

/** The best of the runs on the baseline's rows, the baseline included. */
export function bestOf(runs: readonly Counted[], baseline: Counted): Counted | null {
  const compared = runs.filter((one) => one === baseline || one.count?.against);
  return baseline.count ? highest(compared) : null;
}

/** The one that is best by its task's main metric, the first of equals. */
export function highest(runs: readonly Counted[]): Counted | null {
  return runs.reduce<Counted | null>((best, one) => (best && worth(best) >= worth(one) ? best : one), null);
}

export const mainMetric = ({ run }: Counted): Metric => taskOf(run.experiment.task).compared[0]!;

function worth(one: Counted): number {
  const { key, higherIsBetter } = mainMetric(one);
  const value = one.count?.metrics[key]?.value ?? -Infinity;
  return higherIsBetter || !one.count ? value : -value;
}

/** The best run against the baseline. */
export function verdictOf(runs: readonly Counted[], baseline: Counted): Comparison['verdict'] {
  if (!baseline.count)
    return { kind: 'untested', why: baseline.run.withoutAnswers ?? 'has nothing to compare with.' };
  const best = highest(runs.filter((one) => one.count?.against));
  if (!best) return { kind: 'untested', why: null };
  const { key: metric } = mainMetric(best);
  const difference = best.count!.against![metric]!;
  return { kind: 'tested', otherId: best.run.experiment.id, metric, difference, common: null };
}

/** What a person must know before trusting the comparison. */
export function warningsOf(runs: readonly Counted[], baseline: Counted, unknown: number): string[] {
  const warnings: string[] = [];
  const groups = new Map<string, Counted>();
  for (const one of [baseline, ...runs]) {
    const key = one.count?.rowsKey;
    if (key !== undefined && !groups.has(key)) groups.set(key, one);
  }
  if (groups.size > 1) {
    const rest = baseline.count
      ? ` Only runs on the rows of ${baseline.run.name} are tested against it.`
      : '';
    warnings.push(`${differentRows([...groups.values()].map(groupOf))}${rest}`);
  }
  const silent = runs.filter(({ run }) => run.withoutAnswers !== null);
  // One sentence each while they are few.
  if (silent.length <= 3) warnings.push(...silent.map((one) => reasonOf(one)!));
  else {
    const names = silent.map(({ run }) => run.name);
    warnings.push(`${list(names)} have no stored answers: only their settings are compared.`);
  }
  if (unknown > 0) {
    const are = unknown === 1 ? 'One experiment is' : `${number(unknown)} experiments are`;
    warnings.push(`${are} no longer in the workspace and left out.`);
  }
  return warnings;
}
