import type { VerificationOutcome } from '../engine/export/verification.ts';
import { count, scientific } from './format.ts';

/** What a fresh process found when it loaded an export, in a few lines. */
export function proofText(outcome: VerificationOutcome): string {
  const {
    passed,
    reason,
    rows,
    same_answers: same,
    largest_difference: largest,
    accuracy,
    latency_ms: ms,
    smallest_cosine: cosine,
  } = outcome;
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const lines = [
    passed ? 'Proof passed: loaded from disk by a fresh process.' : `Proof failed: ${reason ?? ''}`,
    `  largest difference of a ${cosine === null ? 'logit' : "vector's element"} ${scientific(largest)}, same answers ${count(same)} of ${count(rows)}`,
  ];
  if (accuracy) {
    const { reference, exported } = accuracy;
    const interval = `95 % interval ${share(exported.low)} to ${share(exported.high)}`;
    lines.push(
      `  accuracy ${share(exported.value)} (${interval}) on ${count(accuracy.rows)} rows; before: ${share(reference.value)}`,
    );
  }
  lines.push(`  ${ms.batch_1.toFixed(1)} ms for one text, ${ms.batch_32.toFixed(1)} ms for 32`);
  return lines.join('\n');
}
