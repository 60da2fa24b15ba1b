import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { parseJson } from '../formats/json.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';

/** Most texts of one request. */
export const MOST_TEXTS = 256;

const textSchema = z
  .union([z.string(), z.tuple([z.string(), z.string()])], { error: 'expected a text, or a pair as [a, b]' })
  .meta({ description: 'A text, or a pair of texts as [a, b].' });
const manySchema = z.strictObject({
  texts: z
    .array(textSchema)
    .min(1, 'expected at least one text')
    .max(MOST_TEXTS, `expected at most ${MOST_TEXTS} texts`),
});
const oneSchema = z.strictObject({ text: textSchema });

/** What `POST /predict` takes, as JSON Schema. */
export const requestSchema = z.toJSONSchema(z.union([manySchema, oneSchema]), { io: 'input' });

/** One prediction of the reply, as the model's task says it. */
export interface Prediction extends Record<string, unknown> {
  /** Whether the text was longer than the model takes. */
  cut: boolean;
}

/** Reads the body of a request. Throws `serving/json`, `serving/body`, with the place in it. */
export function readRequest(body: string): TextInput[] {
  const given = parsed(body);
  const many = typeof given === 'object' && given !== null && 'texts' in given;
  const result = many ? manySchema.safeParse(given) : oneSchema.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw fault('serving/body', { place: placeOf(issue?.path ?? []), reason: issue?.message ?? 'not valid' });
  }
  const texts = 'texts' in result.data ? result.data.texts : [result.data.text];
  return texts.map((text) => (typeof text === 'string' ? { text } : { text: text[0], textPair: text[1] }));
}

function parsed(body: string): unknown {
  try {
    return parseJson(body, { maxDepth: 64 });
  } catch (error) {
    throw fault('serving/json', { reason: error instanceof Error ? error.message : String(error) }, error);
  }
}

/** "texts[3]", or "The body". */
function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return place === '' ? 'The body' : place.replace(/^\./, '');
}
