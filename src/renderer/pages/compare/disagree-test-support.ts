import type { InputOf, OutputOf } from '../../../shared/contract.ts';
import type { Comparison, Disagreement, RunFigures } from '../../../shared/contract/compare.ts';
import { experiment } from '../experiments/test-support.ts';

export function run(id: string, change: Partial<RunFigures> = {}): RunFigures {
  return {
    experiment: experiment({ id, name: `run ${id}`, state: 'finished' }),
    rowsKey: 'same',
    rows: 1000,
    accuracy: { value: 0.9, low: 0.88, high: 0.92 },
    macroF1: null,
    adapterBytes: null,
    against: null,
    reason: null,
    ...change,
  };
}

export const comparison = (runs: RunFigures[]): Comparison => ({
  baselineId: runs[0]?.experiment.id ?? '',
  runs,
  verdict: '',
  bestId: null,
  warnings: [],
  seedGroups: [],
  differences: [],
});

export const disagreement = (row: number, runs: number): Disagreement => ({
  row: { row, text: `text ${row}`, textPair: null, label: 'ham', split: 'test', tokens: null, extra: {} },
  expected: 'ham',
  answers: Array.from({ length: runs }, (_, at) => ({
    predicted: at % 2 === 0 ? 'ham' : 'spam',
    probabilities: at % 2 === 0 ? [0.8, 0.2] : [0.3, 0.7],
  })),
  suggested: null,
});

/** The answer of a backend that has `total` rows for every filter. */
export function rowsOf(
  { ids, offset = 0, limit = 100 }: InputOf<'compare/disagreements'>,
  total: number,
): OutputOf<'compare/disagreements'> {
  const items = Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, at) =>
    disagreement(offset + at + 1, ids.length),
  );
  return { total, items, labels: ['ham', 'spam'], versionId: 'v1', counts: { differ: total } };
}
