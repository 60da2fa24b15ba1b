import { z } from 'zod';
import { count, givenName, id, job, method, nothing, time } from './message.ts';
import { intervalSchema } from './compare.ts';

/** What an export can be. */
export const exportTargetSchema = z.enum([
  'hf',
  'peft',
  'onnx',
  'onnx-fp16',
  'onnx-int8',
  'savedmodel',
  'embedding',
  'script',
]);
export type ExportTarget = z.infer<typeof exportTargetSchema>;

/** Which trained model it is made of. */
export const exportSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('experiment'), id }),
  z.object({ kind: z.literal('adapter'), id }),
]);
export type ExportSource = z.infer<typeof exportSourceSchema>;

export const targetOfferSchema = z.object({
  target: exportTargetSchema,
  /** What it is for, in a sentence. */
  use: z.string(),
  precision: z.string(),
  /** About; null: not known. */
  bytes: count.nullable(),
  seconds: z.number().nullable(),
  /** Why it cannot be made; null: it can. */
  refused: z.string().nullable(),
});
export type TargetOffer = z.infer<typeof targetOfferSchema>;

/** verification.json in short: what a fresh process found. */
export const proofSchema = z.object({
  passed: z.boolean(),
  /** Why not; null when it passed. */
  reason: z.string().nullable(),
  rows: count,
  sameAnswers: count,
  largestDifference: z.number(),
  meanDifference: z.number(),
  /** On labelled rows: of the trained model and of the export. */
  accuracy: z.object({ reference: intervalSchema, exported: intervalSchema, rows: count }).nullable(),
  latencyMs: z.object({ batch1: z.number(), batch32: z.number() }),
});
export type Proof = z.infer<typeof proofSchema>;

export const snippetSchema = z.object({
  language: z.enum(['python', 'node', 'curl']),
  code: z.string(),
  /** What came of it when it was run at the export; null: it was not run, and `notRun` says why. */
  output: z.string().nullable(),
  notRun: z.string().nullable(),
});
export type Snippet = z.infer<typeof snippetSchema>;

export const exportedTargetSchema = z.object({
  target: exportTargetSchema,
  /**
   * `refused`: it could not be written, and `reason` says why. `failed`: its proof fell short; kept aside. `passed`
   * without a proof: a script, whose files are only looked at by their hashes.
   */
  state: z.enum(['waiting', 'writing', 'passed', 'failed', 'refused', 'cancelled', 'missing']),
  folder: z.string(),
  bytes: count,
  reason: z.string().nullable(),
  proof: proofSchema.nullable(),
  snippets: z.array(snippetSchema),
  /** When a fresh look last found it as it was, or not. */
  verifiedAt: time.nullable(),
});
export type ExportedTarget = z.infer<typeof exportedTargetSchema>;

export const exportSchema = z.object({
  id,
  name: z.string(),
  source: exportSourceSchema,
  modelName: z.string(),
  folder: z.string(),
  targets: z.array(exportedTargetSchema),
  /** The job that writes it or repeats its proof; null when it has ended. */
  jobId: id.nullable(),
  createdAt: time,
});
export type Export = z.infer<typeof exportSchema>;

export const exportMethods = {
  /** What can be made of a trained model, with sizes, and where it would go. */
  'exports/offer': method(
    { source: exportSourceSchema },
    {
      name: z.string(),
      folder: z.string(),
      freeBytes: count.nullable(),
      /** Rows with labels that the proof would answer. */
      proofRows: count,
      /** The base was changed or is gone: nothing can be made, and this says why. */
      refused: z.string().nullable(),
      targets: z.array(targetOfferSchema),
    },
  ),
  /** Writes and proves all targets, one job for everything: a folder a target inside `folder`. */
  'exports/start': method(
    {
      source: exportSourceSchema,
      name: givenName,
      targets: z.array(exportTargetSchema).min(1),
      folder: z.string().min(1),
      /** Of the merged safetensors. */
      precision: z.enum(['fp32', 'bf16', 'fp16']).default('fp32'),
      /** Points of accuracy that int8 may lose. */
      mostPointsLost: z.number().min(0).max(100).default(1),
      overwrite: z.boolean().default(false),
      /** Of the embedding target. */
      pooling: z.enum(['mean', 'cls']).nullable().default(null),
    },
    { export: exportSchema },
  ),
  'exports/list': method(nothing, { exports: z.array(exportSchema) }),
  'exports/read': method({ id }, { export: exportSchema }),
  /** Repeats the proof of every target from disk; it says in their states what it found. A job whose result is the export's id. */
  'exports/verify': method({ id }, job),
  /** Forgets it; with `files` also deletes what it wrote. */
  'exports/remove': method({ id, files: z.boolean().default(false) }, nothing),
};

export const exportEvents = { 'exports/changed': exportSchema, 'exports/removed': z.object({ id }) };
