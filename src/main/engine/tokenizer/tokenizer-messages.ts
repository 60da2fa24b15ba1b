import { z } from 'zod';
import { faultSchema } from '../../../shared/contract/message.ts';

const inputSchema = z.object({ text: z.string(), textPair: z.string().exactOptional() });

/** What the process that holds native tokenizers is asked, one question at a time. `folder` names the tokenizer. */
export const questionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), folder: z.string() }),
  z.object({
    kind: z.literal('encode'),
    folder: z.string(),
    inputs: z.array(inputSchema),
    /** Null: nothing is cut. */
    maxLength: z.number().nullable(),
    addSpecialTokens: z.boolean(),
  }),
  z.object({
    kind: z.literal('words'),
    folder: z.string(),
    texts: z.array(z.array(z.string())),
    maxLength: z.number().nullable(),
    leadingSpace: z.boolean(),
  }),
  z.object({ kind: z.literal('count'), folder: z.string(), inputs: z.array(inputSchema) }),
  z.object({ kind: z.literal('places'), folder: z.string(), input: inputSchema, maxLength: z.number() }),
  z.object({ kind: z.literal('texts'), folder: z.string(), ids: z.array(z.number()) }),
]);
export type Question = z.infer<typeof questionSchema>;

const integers = z.custom<Int32Array>((value) => value instanceof Int32Array);
const encoded = z.object({
  lengths: integers,
  ids: integers,
  types: integers.nullable(),
  truncated: integers,
});
const side = z.enum(['left', 'right']);

export const answerSchemas = {
  open: z.object({
    vocabSize: z.number(),
    padTokenId: z.number().nullable(),
    /** Special tokens that a text gets, and a pair. */
    frame: z.object({ single: z.number(), pair: z.number() }),
    special: z.set(z.number()),
    unknownId: z.number().nullable(),
    maskId: z.number().nullable(),
    notes: z.array(faultSchema),
    modelMaxLength: z.number().nullable(),
    hasTokenTypeIds: z.boolean(),
    paddingSide: side,
  }),
  /** All inputs' tokens one after the other: many small arrays take longer to send than to make. */
  encode: encoded,
  words: encoded.extend({ words: integers }),
  /** Tokens of each input, special ones included and nothing cut. */
  count: integers,
  places: z.array(
    z.object({
      text: z.union([z.literal(0), z.literal(1), z.null()]),
      start: z.number(),
      end: z.number(),
    }),
  ),
  texts: z.array(z.string()),
};
export type Answer<Kind extends Question['kind']> = z.infer<(typeof answerSchemas)[Kind]>;

/** `ready` comes once, when the process has loaded its modules. */
export const replySchema = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ fault: faultSchema }),
  /** What the library says. */
  z.object({ reason: z.string() }),
  z.object({ output: z.unknown() }),
]);
