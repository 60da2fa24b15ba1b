import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import type { TokenizerDocument } from './parts.ts';

/** How many characters a normalizer may make of one; the longest that Unicode's own make is 18. */
const MOST_GROWTH = 64;
const LONGEST_PATTERN = 4096;
const MOST_SPECIAL_TOKENS = 256;
const MOST_PIECES = 64;

const patternSchema = z.union([z.object({ String: z.string() }), z.object({ Regex: z.string() })]);
const optional = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);
const partSchema = z.looseObject({
  type: optional(z.string()),
  pattern: optional(z.union([z.string(), patternSchema])),
  content: optional(z.string()),
  prepend: optional(z.string()),
});
const list = optional(z.array(z.unknown()));
const templateSchema = z.looseObject({
  single: list,
  pair: list,
  special_tokens: optional(z.record(z.string(), z.looseObject({ ids: list }))),
});

/**
 * Refuses a tokenizer whose replacements or templates make far more of a text than any sound one does: the library would
 * fill the memory with it. Throws `tokenizer/grows` with the key.
 */
export function refuseGrowth(document: TokenizerDocument, file: string): void {
  let growth = 1;
  for (const [key, part] of partsOf(document.normalizer, 'normalizer')) {
    const { type, pattern, content, prepend } = partSchema.parse(part);
    const found = patternText(pattern);
    if (found !== undefined && found.length > LONGEST_PATTERN)
      throw fault('tokenizer/grows', { file, key: `${key}.pattern`, found: `${found.length} characters` });
    if (type === 'Replace' && content !== undefined) {
      // A regular expression may match one character, or none.
      const taken =
        typeof pattern === 'object' && 'String' in pattern ? Math.max(1, pattern.String.length) : 1;
      growth *= Math.max(1, content.length / taken);
    }
    if (prepend !== undefined) growth *= Math.max(1, prepend.length);
    if (growth > MOST_GROWTH) {
      const size = `one that may grow a text ${Math.round(growth)} times`;
      throw fault('tokenizer/grows', { file, key, found: size });
    }
  }
  let frame = 1;
  for (const [key, part] of partsOf(document.post_processor, 'post_processor')) {
    const { single = [], pair = [], special_tokens: tokens = {} } = templateSchema.parse(part);
    const ids = Math.max(1, ...Object.values(tokens).map((token) => token.ids?.length ?? 0));
    const pieces = Math.max(single.length, pair.length);
    frame *= Math.max(1, ids);
    if (pieces > MOST_PIECES || frame > MOST_SPECIAL_TOKENS) {
      const size = pieces > MOST_PIECES ? `${pieces} pieces` : `${frame} ids for one token`;
      throw fault('tokenizer/grows', { file, key, found: size });
    }
  }
}

/** Normalizers and processors stand alone or in sequences, which may stand in each other. */
function* partsOf(part: unknown, key: string): Generator<[key: string, part: object]> {
  if (typeof part !== 'object' || part === null) return;
  yield [key, part];
  for (const name of ['normalizers', 'processors'] as const) {
    const inner: unknown = (part as Record<string, unknown>)[name];
    if (!Array.isArray(inner)) continue;
    for (const [at, step] of inner.entries()) yield* partsOf(step, `${key}.${name}.${at}`);
  }
}

function patternText(pattern: z.infer<typeof partSchema>['pattern']): string | undefined {
  if (pattern === undefined || typeof pattern === 'string') return pattern;
  return 'String' in pattern ? pattern.String : pattern.Regex;
}
