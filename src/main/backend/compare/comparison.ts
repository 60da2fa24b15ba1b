import type { Comparison, Interval } from '../../../shared/contract/compare.ts';
import { fault, Fault } from '../../../shared/faults/index.ts';
import { AdapterStore } from '../../storage/adapters.ts';
import type { BackendContext } from '../context.ts';
import type { Figures } from './figures.ts';
import { pairRuns } from './answered-runs.ts';
import { readRuns } from './runs.ts';
import { differencesOf, seedGroupsOf, type SeedGroup } from './settings.ts';
import type { CompareWork } from './work.ts';
import { bestOf, highest, reasonFor, mainMetric, verdictOf, warningsOf, type Counted } from './reasons.ts';

/** Any number of runs against one of them. Throws `store/unknown` where none of them is there. */
export async function compareRuns(
  context: BackendContext,
  parts: { work: CompareWork; figures: Figures },
  ids: readonly string[],
  baselineId: string | null,
): Promise<Comparison> {
  const { work, figures } = parts;
  const wanted = [...new Set(baselineId === null ? ids : [...ids, baselineId])];
  const runs = await readRuns(context, wanted);
  const first = runs.find(({ experiment }) => experiment.id === baselineId) ?? runs[0];
  if (!first) throw fault('store/unknown', { kind: 'experiment', id: baselineId ?? ids[0]! });

  const answered = runs.flatMap(({ answers }) => answers ?? []);
  await figures.count(answered);
  const { database } = context.workspace;
  const adapters = new AdapterStore(context.db);
  const tables = await work.share(
    'table',
    answered.map(({ id }) => id),
    (share) => ({ database, ids: share, baselineId: first.answers?.id ?? null }),
  );
  const counts = new Map(tables.flat().map((count) => [count.id, count]));
  const counted = runs.map((run): Counted => ({ run, count: counts.get(run.experiment.id) }));
  const baseline = counted.find(({ run }) => run === first)!;
  const seedGroups = seedGroupsOf(runs);
  await new Promise(setImmediate);
  return {
    baselineId: first.experiment.id,
    runs: counted.map((one) => ({
      experiment: one.run.experiment,
      name: one.run.name,
      rowsKey: one.count?.rowsKey ?? null,
      rows: one.count?.rows ?? 0,
      metrics: one.count?.metrics ?? {},
      adapterBytes: adapters.ofExperiment(one.run.experiment.id)?.bytes ?? null,
      against: one.count?.against ?? null,
      reason: reasonFor(one, baseline),
    })),
    verdict: (await verdictOnCommonRows(context, parts, counted, baseline)) ?? verdictOf(counted, baseline),
    bestId: bestOf(counted, baseline)?.run.experiment.id ?? null,
    warnings: warningsOf(counted, baseline, wanted.length - runs.length),
    seedGroups: seedGroups.map((group) => ({ ...group, metrics: spreadOf(group, counted) })),
    differences: differencesOf(runs, seedGroups),
  };
}

/**
 * Where no run answered just the baseline's rows: the best of those with rows in common, tested on these. Null: none
 * has any, or it cannot be known, because a data file is gone.
 */
async function verdictOnCommonRows(
  context: BackendContext,
  parts: { work: CompareWork; figures: Figures },
  runs: readonly Counted[],
  baseline: Counted,
): Promise<Comparison['verdict'] | null> {
  if (!baseline.count || runs.some(({ count }) => count?.against)) return null;
  const best = highest(runs.filter((one) => one !== baseline && one.count));
  const [a, b] = [baseline.run, best?.run].map((run) =>
    run?.answers ? { ...run, answers: run.answers } : null,
  );
  if (!a || !b) return null;
  const pair = await pairRuns(context, parts, a, b).catch((error: unknown) => {
    if (error instanceof Fault) return null;
    throw error;
  });
  return (
    pair && {
      kind: 'tested',
      otherId: b.experiment.id,
      metric: mainMetric(baseline).key,
      difference: pair.against[mainMetric(baseline).key]!,
      common: pair.common,
    }
  );
}

/** Mean, smallest and largest over the seeds, by metric; none unless two of them answered the same rows. */
function spreadOf({ ids }: SeedGroup, runs: readonly Counted[]): Record<string, Interval> {
  const own = ids.flatMap((id) => runs.find(({ run }) => run.experiment.id === id)?.count ?? []);
  if (own.length < 2 || new Set(own.map(({ rowsKey }) => rowsKey)).size > 1) return {};
  return Object.fromEntries(
    Object.keys(own[0]!.metrics).map((key) => {
      const values = own.map(({ metrics }) => metrics[key]!.value);
      const value = values.reduce((sum, one) => sum + one, 0) / values.length;
      return [key, { value, low: Math.min(...values), high: Math.max(...values) }];
    }),
  );
}
