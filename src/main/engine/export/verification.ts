import { z } from 'zod';
import { snippetSchema } from '../../../shared/contract/exports.ts';
import { targetKeys, weightPrecisions } from './targets.ts';

export const VERIFICATION_FILE = 'verification.json';

const intervalSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });

export const outcomeSchema = z.object({
  passed: z.boolean(),
  /** Why not; null when it passed. */
  reason: z.string().nullable(),
  rows: z.number().int(),
  /** Of a logit, or of an element of a vector. */
  largest_difference: z.number(),
  mean_difference: z.number(),
  /** Rows with the same label first, or whose vector points the same way. */
  same_answers: z.number().int(),
  /** Between the vectors of one text; null where the target gives logits. */
  smallest_cosine: z.number().nullable(),
  /** Accuracy on labelled rows, of the trained model and of the export, with 95 % intervals. */
  accuracy: z
    .object({ reference: intervalSchema, exported: intervalSchema, rows: z.number().int() })
    .nullable(),
  /** Median milliseconds to answer one short text, and 32. */
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
  /** Of merged safetensors. */
  precision: z.enum(weightPrecisions),
  /** How a text's vector is made of its tokens'; null where the target gives logits. */
  pooling: z.enum(['mean', 'cls']).nullable(),
  /** For int8: which scales were kept because they measured better, and what the others came to. */
  scales: z
    .object({
      kept: z.enum(['per-channel', 'per-tensor']),
      other: z.object({ mean_difference: z.number(), accuracy: z.number().nullable() }),
    })
    .nullable(),
  labels: z.array(z.string()),
  max_length: z.number().int(),
  /** Fixed texts and the trained model's logits (or vectors) on them: what `graft verify` asks again. */
  fixed: z.array(z.object({ text: z.string(), values: z.array(z.number()) })),
  /** The points of accuracy that may be lost. */
  most_points_lost: z.number(),
  outcome: outcomeSchema,
  /** The rules of the programs that load it that its files were held against; a broken one fails the proof. */
  consumers: z.array(z.object({ consumer: z.string(), rules: z.array(z.string()) })).default([]),
  /** What the card shows how to use it with, and what came of it when it was run. */
  snippets: z.array(snippetSchema),
  bytes: z.number(),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
});
export type Verification = z.infer<typeof verificationSchema>;
