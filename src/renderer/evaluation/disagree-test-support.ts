import type { InputOf, OutputOf } from '../../shared/contract.ts';
import type { Disagreement } from '../../shared/contract/compare.ts';

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
  return {
    total,
    items,
    labels: ['ham', 'spam'],
    versionId: 'v1',
    ifRelabelled: { accuracy: 1, accuracyAfter: 1 },
    counts: { differ: total },
  };
}
