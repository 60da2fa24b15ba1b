import type { Proof } from '../../../shared/contract/exports.ts';
import type { TargetEvent } from './engine-job.ts';

/** verification.json's outcome as windows see it. */
export function proofOf(outcome: NonNullable<TargetEvent['outcome']>): Proof {
  const { passed, reason, rows, accuracy, latency_ms: latency } = outcome;
  return {
    ...{ passed, reason, rows, accuracy },
    sameAnswers: outcome.same_answers,
    largestDifference: outcome.largest_difference,
    meanDifference: outcome.mean_difference,
    latencyMs: { batch1: latency.batch_1, batch32: latency.batch_32 },
  };
}
