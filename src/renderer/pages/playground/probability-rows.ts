import type { Answer } from '../../../shared/contract.ts';

export interface ProbabilityRow {
  label: string;
  probability: number;
  isBest: boolean;
  /** Less that of another answerer for the same label; null: there is none. */
  difference: number | null;
}

/** So many labels stand in their own order; of more, only the likeliest are shown. */
export const SHOWN = 8;

/** An answer as bars. Few labels keep their places, so that nothing moves but the bars. */
export function probabilityRows(answer: Answer, other: Answer | null, all: boolean): ProbabilityRow[] {
  const { labels, probabilities } = answer;
  const most = Math.max(...probabilities);
  const rows = labels.map((label, i): ProbabilityRow => {
    const probability = probabilities[i]!;
    const beside = other?.probabilities[other.labels.indexOf(label)];
    return {
      label,
      probability,
      isBest: probability === most,
      difference: beside === undefined ? null : probability - beside,
    };
  });
  if (labels.length <= SHOWN) return rows;
  const sorted = rows.sort((a, b) => b.probability - a.probability);
  return all ? sorted : sorted.slice(0, SHOWN);
}
