import { z } from 'zod';
import { exportTargetSchema, snippetSchema, type ExportTarget } from '../../../shared/contract/exports.ts';
import { intervalSchema } from '../../../shared/contract/compare.ts';

/** What the engine's job `export` is given. It makes a folder a target inside `output`: `<output>/<target>`. */
export interface ExportJobInput {
  /** Folders. */
  model: string;
  adapter: string | null;
  output: string;
  targets: ExportTarget[];
  precision: 'fp32' | 'bf16' | 'fp16';
  mostPointsLost: number;
  pooling: 'mean' | 'cls' | null;
  overwrite: boolean;
  /** JSON Lines with `text`, `text_pair` where the model reads pairs, and `label`; null: only fixed texts. */
  verify: string | null;
  /** Tokens after which texts were cut in training; null: the model's limit. */
  maxLength: number | null;
  /** For the card and the proof. */
  names: { export: string; model: string; data: string | null };
  /** adapter_config.json's and TrainingArguments' names, as the run had them; null where it is not known. */
  settings: Record<string, unknown> | null;
}

/** What verification.json says of a target, as the engine reports it. */
const outcomeSchema = z.object({
  passed: z.boolean(),
  reason: z.string().nullable(),
  rows: z.number(),
  largest_difference: z.number(),
  mean_difference: z.number(),
  same_answers: z.number(),
  accuracy: z.object({ reference: intervalSchema, exported: intervalSchema, rows: z.number() }).nullable(),
  latency_ms: z.object({ batch_1: z.number(), batch_32: z.number() }),
});

/** One target begins or ends. `folder`: where it lies, beside its place where the proof fell short. */
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
export type TargetEvent = z.infer<typeof targetEventSchema>;

/** What the engine's job `verify` is given: the folder of one target. `base`: of an adapter. */
export interface VerifyJobInput {
  folder: string;
  base: string | null;
}

export const verifyResultSchema = z.object({
  passed: z.boolean(),
  /** One sentence for each thing that is not as it was. */
  problems: z.array(z.string()),
});
