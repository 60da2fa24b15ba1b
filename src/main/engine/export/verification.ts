import { z } from 'zod';
import { targetKeys } from './targets.ts';

export const VERIFICATION_FILE = 'verification.json';

const intervalSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });

const outcomeSchema = z.object({
  passed: z.boolean(),
  /** Why not; null when it passed. */
  reason: z.string().nullable(),
  rows: z.number().int(),
  largest_difference: z.number(),
  mean_difference: z.number(),
  same_answers: z.number().int(),
  /** Accuracy on labelled rows, of the trained model and of the export, with 95 % intervals. */
  accuracy: z
    .object({ reference: intervalSchema, exported: intervalSchema, rows: z.number().int() })
    .nullable(),
  /** Median milliseconds to answer one text, and 32. */
  latency_ms: z.object({ batch_1: z.number(), batch_32: z.number() }),
});
export type VerificationOutcome = z.infer<typeof outcomeSchema>;

/** verification.json: what an export has to answer, what it answered, and its files. */
export const verificationSchema = z.object({
  graft: z.string(),
  made_at: z.string(),
  target: z.enum(targetKeys),
  /** SHA-256 of the weights that it was made from; null where there was no adapter. */
  base: z.object({ name: z.string(), sha256: z.string(), bytes: z.number() }),
  adapter: z.object({ sha256: z.string(), bytes: z.number() }).nullable(),
  labels: z.array(z.string()),
  max_length: z.number().int(),
  /** Fixed texts and the trained model's logits on them: what `graft verify` asks again. */
  fixed: z.array(z.object({ text: z.string(), logits: z.array(z.number()) })),
  /** The points of accuracy that may be lost where logits cannot agree (int8). */
  most_points_lost: z.number(),
  outcome: outcomeSchema.nullable(),
  bytes: z.number(),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
});
export type Verification = z.infer<typeof verificationSchema>;
