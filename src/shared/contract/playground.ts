import { z } from 'zod';
import { exportTargetSchema } from './exports.ts';
import { count, id, job, method, nothing } from './message.ts';

/** Something that answers: a base model with its own head, a trained experiment, an adapter, or one export of it. */
export const answererSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('model'), id }),
  z.object({ kind: z.literal('experiment'), id }),
  z.object({ kind: z.literal('adapter'), id }),
  z.object({ kind: z.literal('export'), id, target: exportTargetSchema }),
]);
export type Answerer = z.infer<typeof answererSchema>;

export const answererChoiceSchema = z.object({
  answerer: answererSchema,
  name: z.string(),
  /** "experiment · bert · finished yesterday" */
  detail: z.string(),
  /** Empty: known when it is loaded. */
  labels: z.array(z.string()),
  /** Whether it was trained on pairs of texts; null: not known. */
  textPair: z.boolean().nullable(),
  /** The data set version that it was trained on: where examples come from. */
  versionId: id.nullable(),
  /** Rows that it did not train on, where they are a split; null: not known. */
  evalSplit: z.string().nullable(),
  /** Of an experiment. */
  adapterId: id.nullable(),
});
export type AnswererChoice = z.infer<typeof answererChoiceSchema>;

export const answerSchema = z.object({
  labels: z.array(z.string()),
  probabilities: z.array(z.number()),
  tokens: count,
  /** Whether the text was cut at the model's limit. */
  cut: z.boolean(),
  milliseconds: z.number(),
});
export type Answer = z.infer<typeof answerSchema>;

/** How much each token spoke for `label`, by integrated gradients from an empty text: one token again and again. */
export const attributionSchema = z.object({
  label: z.string(),
  /** `of`: which text of a pair; null: a special token. `start` to `end` in that text, in UTF-16 units. */
  tokens: z.array(
    z.object({
      text: z.string(),
      of: z.union([z.literal(0), z.literal(1)]).nullable(),
      start: count,
      end: count,
      value: z.number(),
    }),
  ),
  /** The token that the empty text is made of: padding, or the mask where a model has no slope at that. */
  empty: z.string(),
  /** The label's logit less that of the empty text. */
  difference: z.number(),
  /** Sum of the values less `difference`: near 0 where the steps were enough. */
  gap: z.number(),
  steps: count,
});
export type Attribution = z.infer<typeof attributionSchema>;

const text = z.string().max(200_000);
export const playgroundMethods = {
  'playground/choices': method(nothing, { choices: z.array(answererChoiceSchema) }),
  /** Loads it if it is not loaded; it stays loaded until others are asked for or some minutes have passed. */
  'playground/answer': method(
    { answerer: answererSchema, text, textPair: text.nullable().default(null) },
    { answer: answerSchema },
  ),
  'playground/attribute': method(
    {
      answerer: answererSchema,
      text,
      textPair: text.nullable().default(null),
      label: z.string(),
    },
    { attribution: attributionSchema },
  ),
  /** Frees the memory of what is loaded. */
  'playground/close': method(nothing, nothing),
  /** Answers every row of a file. A job whose result is the written file's path; replaces a file only if asked to. */
  'playground/batch': method(
    {
      answerer: answererSchema,
      input: z.string(),
      textColumn: z.string(),
      textPairColumn: z.string().nullable().default(null),
      output: z.string(),
      format: z.enum(['csv', 'jsonl', 'parquet']),
      overwrite: z.boolean().default(false),
    },
    job,
  ),
};
