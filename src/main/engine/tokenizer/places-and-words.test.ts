import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadTokenizer } from './load-tokenizer.ts';
import type { WordTokenIds } from './text-tokenizer.ts';

const golden = join(import.meta.dirname, '../../../../fixtures/golden');
const readJson = <Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> =>
  schema.parse(JSON.parse(readFileSync(file, 'utf8')));

const span = z.tuple([z.number(), z.number()]);
const encodedWords = z.array(z.tuple([z.array(z.number()), z.array(z.number())]));
// Made by fixtures/offsets.py with the `tokenizers` library of Python.
const { texts, words, cases } = readJson(
  join(import.meta.dirname, 'fixtures/offsets.json'),
  z.object({
    texts: z.array(z.string()),
    words: z.array(z.array(z.string())),
    cases: z.array(
      z.object({
        folder: z.string(),
        places: z.array(z.array(span.nullable())),
        words: encodedWords,
        spaced: encodedWords.nullable(),
      }),
    ),
  }),
);
const pairs = (encoded: WordTokenIds[]) =>
  encoded.map(({ inputIds, wordIds }) => [[...inputIds], [...wordIds]]);

describe.each(cases)('$folder', (c) => {
  it('tells where tokens stand in UTF-16 units: emoji, combining marks, CJK, odd and several spaces', async () => {
    const tokenizer = await loadTokenizer(join(golden, 'seed1', c.folder));
    for (const [i, text] of texts.entries()) {
      const places = await tokenizer.places({ text }, 1000);
      const spans = places.map(({ text: of, start, end }) => (of === null ? null : [start, end]));
      expect(spans, text).toEqual(c.places[i]);
      const [ids] = await tokenizer.encode([{ text }], {});
      expect(ids!.inputIds).toHaveLength(places.length);
    }
  });

  it('takes texts as words, as they stand or each behind a space', async () => {
    const tokenizer = await loadTokenizer(join(golden, 'seed1', c.folder));
    expect(pairs(await tokenizer.encodeWords(words, {}))).toEqual(c.words);
    const spaced = await tokenizer.encodeWords(words, { leadingSpace: true });
    expect(pairs(spaced)).toEqual(c.spaced ?? c.words);
  });
});

const tokenCase = z.object({
  max_length: z.number(),
  cases: z.array(
    z.object({
      words: z.array(z.string()),
      input_ids: z.array(z.number()),
      word_ids: z.array(z.number().nullable()),
    }),
  ),
});
const architectures = 'bert roberta xlm-roberta distilbert electra mpnet deberta-v2 albert modernbert'.split(
  ' ',
);

describe.each(['seed1', 'seed2'])('golden words of %s', (seed) => {
  it.each(architectures)('%s: ids and the word of each token, cut to the longest length', async (name) => {
    const folder = join(golden, seed, 'token', name);
    const { max_length: maxLength, cases: expected } = readJson(`${folder}.json`, tokenCase);
    const tokenizer = await loadTokenizer(folder);
    const encoded = await tokenizer.encodeWords(
      expected.map((c) => c.words),
      { maxLength },
    );
    expect(pairs(encoded)).toEqual(expected.map((c) => [c.input_ids, c.word_ids.map((word) => word ?? -1)]));
    expect(encoded.map(({ truncated }) => truncated)).toContain(true);
  });
});

it('a length that the special tokens alone fill is refused for words too', async () => {
  const tokenizer = await loadTokenizer(join(golden, 'seed1/tokenizer-bert'));
  await expect(tokenizer.encodeWords([['a']], { maxLength: 1 })).rejects.toThrow('max_length is 1');
});
