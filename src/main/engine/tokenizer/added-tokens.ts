import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

const flag = z.boolean().optional();
/** A token with its matching options, as configurations and tokenizer.json have it. */
export const tokenFields = z.object({
  content: z.string(),
  single_word: flag,
  lstrip: flag,
  rstrip: flag,
  normalized: flag,
  special: flag,
});

/** An entry of `added_tokens` in tokenizer.json: how a token is matched in the raw text. */
export interface AddedToken {
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}
export type PlacedToken = AddedToken & { id: number };
/** A token as configurations name it; a string is one that is matched as it stands. */
export type NamedToken = string | AddedToken;

export const contentOf = (token: NamedToken): string => (typeof token === 'string' ? token : token.content);

/** What `AddedToken(content, **flags)` of the tokenizers library is. */
export const addedToken = (
  content: string,
  {
    special = false,
    single_word = false,
    lstrip = false,
    rstrip = false,
    normalized = !special,
  }: Partial<z.output<typeof tokenFields>> = {},
): AddedToken => ({ content, single_word, lstrip, rstrip, normalized, special });

/** What a folder says of its added tokens. */
export interface TokenSources {
  /** Of added_tokens_decoder, added_tokens.json and tokenizer.json, each with the id under which it stands there. */
  declared: readonly PlacedToken[];
  /** Of special roles, in transformers' order. */
  named: readonly NamedToken[];
  /** Of extra_special_tokens. */
  extra: readonly NamedToken[];
}

/**
 * The added tokens of a tokenizer as transformers' `TokenizersBackend` completes them, ascending by id. A token that the
 * vocabulary has keeps its id; the others follow behind it in their order, whatever id their file gives them.
 */
export function placeTokens(
  vocabulary: ReadonlyMap<string, number>,
  present: readonly AddedToken[],
  { declared, named, extra }: TokenSources,
): PlacedToken[] {
  const fresh: NamedToken[] = declared
    .toSorted((a, b) => a.id - b.id)
    .filter(({ id: _, ...token }) => !present.some((own) => isDeepStrictEqual(own, token)));
  const known = new Set([...present, ...fresh].map(contentOf));
  for (const token of [...named, ...extra]) {
    if (known.has(contentOf(token))) continue;
    fresh.push(token);
    known.add(contentOf(token));
  }
  const names = new Set(named.map(contentOf));
  const placed = new Map<string, PlacedToken>();
  let next = vocabulary.size;
  for (const token of [...present, ...fresh]) {
    const flags = typeof token === 'string' ? addedToken(token, { special: true }) : token;
    const { content } = flags;
    if (content === '') continue;
    const id = vocabulary.get(content) ?? placed.get(content)?.id ?? next;
    next = Math.max(next, id + 1);
    placed.set(content, { ...flags, id, special: flags.special || names.has(content) });
  }
  return [...placed.values()].sort((a, b) => a.id - b.id);
}
