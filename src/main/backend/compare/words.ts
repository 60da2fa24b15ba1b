import type { Difference } from '../../../shared/contract/compare.ts';
import { verdictSentence } from '../../../shared/statistics/verdict.ts';
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
export function differentRows(groups: readonly { data: string; rows: number; labels: string[] }[]): string {
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
  labels: count?.labels ?? [],
});

/** Why a run is not compared with the baseline; null: it is, or it is the baseline. */
export function reasonFor(one: Counted, baseline: Counted): string | null {
  if (one.run.reason !== null) return one.run.reason;
  if (one === baseline || one.count?.against) return null;
  if (!baseline.count || !one.count) return baseline.run.reason;
  return differentRows([groupOf(baseline), groupOf(one)]);
}

/** The best of the runs on the baseline's rows, the baseline included. */
export function bestOf(runs: readonly Counted[], baseline: Counted): Counted | null {
  const compared = runs.filter((one) => one === baseline || one.count?.against);
  return baseline.count ? highest(compared) : null;
}

/** The one with the highest accuracy, the first of equals. */
export function highest(runs: readonly Counted[]): Counted | null {
  return runs.reduce<Counted | null>(
    (best, one) => (best && accuracyOf(best) >= accuracyOf(one) ? best : one),
    null,
  );
}

const accuracyOf = ({ count }: Counted): number => count?.accuracy.value ?? -1;

/** The best run against the baseline, in a sentence or two. */
export function verdictOf(runs: readonly Counted[], baseline: Counted): string {
  if (!baseline.count) {
    const reason = baseline.run.reason ?? `${baseline.run.name} has nothing to compare with.`;
    return runs.length === 1 ? reason : `${reason} Choose another baseline.`;
  }
  if (runs.length === 1) return `Nothing to compare ${baseline.run.name} with yet.`;
  const compared = runs.filter((one) => one.count?.against);
  const best = highest(compared);
  if (!best) return `No other run was evaluated on the same rows as ${baseline.run.name}.`;
  const sentence = sentenceOf(baseline.run.name, best.run.name, best.count!.against!.accuracy);
  if (compared.length < 2) return sentence;
  return `${sentence} ${compared.length + 1} runs were compared: the best of several looks a little better than it is.`;
}

const sentenceOf = (a: string, b: string, { points, shown }: Difference): string =>
  verdictSentence(a, b, { difference: points, shown });

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
  const silent = runs.filter(({ run }) => run.reason !== null);
  // One sentence each while they are few.
  if (silent.length <= 3) warnings.push(...silent.map(({ run }) => run.reason!));
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
