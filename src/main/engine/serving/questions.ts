/** What the backend asks the engine to answer; apart from what answers it, which reaches TensorFlow. */
import { z } from 'zod';
import { tableFormats } from './table-bytes.ts';

/** What answers: a checkpoint, with an adapter or without, or the folder of an export. All are folders. */
export const answerSourceSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('model'),
    model: z.string(),
    adapter: z.string().nullable(),
    /** Tokens after which a text is cut; null: the model's limit. */
    maxLength: z.number().int().positive().nullable(),
  }),
  /** `base`: the base model, for an export that is an adapter. */
  z.object({ kind: z.literal('export'), folder: z.string(), base: z.string().nullable() }),
]);
export type AnswerSource = z.infer<typeof answerSourceSchema>;

const textSchema = z.object({ text: z.string(), textPair: z.string().nullable() });
export type AskedText = z.infer<typeof textSchema>;

export const askSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('answer'), source: answerSourceSchema, texts: z.array(textSchema) }),
  z.object({ type: z.literal('attribute'), source: answerSourceSchema, text: textSchema, label: z.string() }),
]);
/** What the job is asked; the source is loaded if it is not yet. */
export type AnswerAsk = z.infer<typeof askSchema>;

export const predictFileSchema = z.object({
  source: answerSourceSchema,
  input: z.string(),
  textColumn: z.string(),
  textPairColumn: z.string().nullable(),
  format: z.enum(tableFormats),
  output: z.string(),
  /** A free name in the folder of `output`, written first; whoever ends this process takes it away. */
  temporary: z.string(),
});

/** Input of the job `predict-file`. */
export type PredictFileInput = z.infer<typeof predictFileSchema>;
