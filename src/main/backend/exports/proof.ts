import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { exportTargetSchema, snippetSchema, type Proof } from '../../../shared/contract/exports.ts';
import { outcomeSchema, type VerificationOutcome } from '../../engine/export/verification.ts';
import { hashFile } from '../../engine/hub/hash-file.ts';

/** One target begins or ends, as the engine tells. `folder`: where it lies, beside its place where the proof fell short. */
export const targetEventSchema = z.object({
  type: z.literal('target'),
  target: exportTargetSchema,
  state: z.enum(['writing', 'passed', 'failed', 'refused']),
  folder: z.string(),
  bytes: z.number(),
  reason: z.string().nullable(),
  outcome: outcomeSchema.nullable(),
  snippets: z.array(snippetSchema),
});

/** verification.json's outcome as windows see it. */
export function proofOf(outcome: VerificationOutcome): Proof {
  const { passed, reason, rows, accuracy, latency_ms: latency } = outcome;
  return {
    ...{ passed, reason, rows, accuracy },
    sameAnswers: outcome.same_answers,
    largestDifference: outcome.largest_difference,
    meanDifference: outcome.mean_difference,
    latencyMs: { batch1: latency.batch_1, batch32: latency.batch_32 },
  };
}

/** For the store: files that answer for what was written. */
export const hashed = async (file: string): Promise<{ path: string; sha256: string; bytes: number }> => ({
  path: file,
  sha256: await hashFile(file, 'sha256'),
  bytes: (await stat(file)).size,
});
