import type { TokenLengths, Finding } from '../../../../shared/contract/datasets.ts';
import { many, number, percent } from './words.ts';

const FEW = 0.01;

/** What is cut at the chosen length. */
export function truncationFinding(lengths: TokenLengths): Finding {
  const { maxLength, cutRows, cutShare, longest, p95, modelName } = lengths;
  const detail = `The longest text has ${number(longest)} tokens of ${modelName}; 95 % have ${number(p95)} or fewer.`;
  const base = { code: 'truncation' as const, detail, repairs: [] };
  if (cutRows === 0) {
    return { ...base, weight: 'good', message: `No text is cut at ${number(maxLength)} tokens.`, rows: 0 };
  }
  return {
    ...base,
    weight: cutShare < FEW ? 'info' : 'warning',
    message: `${many(cutRows, 'text is', 'texts are')} cut at ${number(maxLength)} tokens: ${percent(cutShare)} of the rows.`,
    rows: cutRows,
  };
}
