import type { Comparison, RunFigures } from '../../shared/contract/compare.ts';
import { experiment } from '../test-support.ts';

/** For tests: a finished run with this accuracy on the same 1,000 rows. */
export function run(
  id: string,
  accuracy: number | null,
  change: Partial<RunFigures['experiment']> = {},
  figures: Partial<RunFigures> = {},
): RunFigures {
  const interval = accuracy !== null && { value: accuracy, low: accuracy - 0.01, high: accuracy + 0.01 };
  return {
    experiment: experiment({ id, name: `SMS Spam, ${id}`, state: 'finished', ...change }),
    name: change.name ?? `SMS Spam, ${id}`,
    rowsKey: accuracy === null ? null : 'k',
    rows: accuracy === null ? 0 : 1000,
    metrics: interval ? { accuracy: interval, f1_macro: interval } : {},
    adapterBytes: null,
    against: null,
    reason: null,
    ...figures,
  };
}

/** For tests: a comparison of runs, the first of them the baseline. */
export function comparison(runs: readonly RunFigures[], change: Partial<Comparison> = {}): Comparison {
  return {
    baselineId: runs[0]?.experiment.id ?? '',
    runs: [...runs],
    verdict: { kind: 'untested', why: null },
    bestId: null,
    warnings: [],
    seedGroups: [],
    differences: [],
    ...change,
  };
}
