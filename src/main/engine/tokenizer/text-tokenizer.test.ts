import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from './load-tokenizer.ts';
import type { TextTokenizer, TokenIds } from './text-tokenizer.ts';

const golden = join(import.meta.dirname, '../../../../fixtures/golden/seed1/tokenizers/byte-bpe');
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', 'c', 'd', 'e', 'f'];
const A = 4;
let temporary: string;
let letters: TextTokenizer;

async function lettersTokenizer(config: object): Promise<TextTokenizer> {
  const folder = await mkdtemp(join(temporary, 'case-'));
  await writeFile(join(folder, 'vocab.txt'), vocabulary.join('\n'));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
  return loadTokenizer(folder);
}
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'graft-encode-'));
  letters = await lettersTokenizer({});
});
afterAll(() => rm(temporary, { recursive: true, force: true }));

const inputIds = (encoded: TokenIds[]) => encoded.map((ids) => [...ids.inputIds]);

describe('count', () => {
  it('gives the numbers of tokens that encode gives, over many batches, and reads ahead by one', async () => {
    const texts = Array.from({ length: 2500 }, (_, i) => ({
      text: 'a b c d '.repeat(i % 7),
      ...(i % 5 === 0 ? { textPair: 'e f' } : {}),
    }));
    let read = 0;
    function* reading() {
      for (const text of texts) {
        read++;
        yield text;
      }
    }
    const found: number[] = [];
    const told: [number, number][] = [];
    await letters.count(reading(), (lengths, done) => {
      found.push(...lengths);
      told.push([done, read]);
    });
    expect(found).toEqual((await letters.encode(texts, {})).map(({ inputIds: ids }) => ids.length));
    expect(told).toEqual([
      [1024, 2048],
      [2048, 2500],
      [2500, 2500],
    ]);
  });
});

describe('encode', () => {
  it('pads to the longest input of the call, and to max_length', async () => {
    const texts = [{ text: 'a' }, { text: 'a b c' }];
    const longest = await letters.encode(texts, { padding: 'longest' });
    expect(inputIds(longest)).toEqual([
      [2, 4, 3, 0, 0],
      [2, 4, 5, 6, 3],
    ]);
    expect([...longest[0]!.attentionMask]).toEqual([1, 1, 1, 0, 0]);
    expect([...longest[0]!.tokenTypeIds!]).toEqual([0, 0, 0, 0, 0]);
    const fixed = await letters.encode(texts, { padding: 'max_length', maxLength: 6 });
    expect(inputIds(fixed)).toEqual([
      [2, 4, 3, 0, 0, 0],
      [2, 4, 5, 6, 3, 0],
    ]);
  });

  it('pads and cuts to the limit of the model when max_length is not given', async () => {
    const limited = await lettersTokenizer({ model_max_length: 4 });
    const encoded = await limited.encode([{ text: 'a' }, { text: 'a b c' }], { padding: 'max_length' });
    expect(inputIds(encoded)).toEqual([
      [2, 4, 3, 0],
      [2, 4, 5, 3],
    ]);
    await expect(letters.encode([{ text: 'a' }], { padding: 'max_length' })).rejects.toMatchObject({
      code: 'tokenizer/no-max-length',
    });
  });

  it('honours padding_side and truncation_side', async () => {
    const left = await lettersTokenizer({ padding_side: 'left', truncation_side: 'left' });
    const encoded = await left.encode([{ text: 'a' }, { text: 'a b c' }], {
      maxLength: 4,
      padding: 'longest',
    });
    expect(inputIds(encoded)).toEqual([
      [0, 2, 4, 3],
      [2, 5, 6, 3],
    ]);
    expect([...encoded[0]!.attentionMask]).toEqual([0, 1, 1, 1]);
  });

  it('cuts the longer text of a pair first', async () => {
    const [ids] = await letters.encode([{ text: 'a b', textPair: 'c d e f' }], { maxLength: 7 });
    expect(ids).toMatchObject({ truncated: true });
    expect([...ids!.inputIds]).toEqual([2, 4, 5, 3, 6, 7, 3]);
    expect([...ids!.tokenTypeIds!]).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  it('takes single texts and pairs in one call', async () => {
    const encoded = await letters.encode([{ text: 'a' }, { text: 'a', textPair: 'b' }], {});
    expect(inputIds(encoded)).toEqual([
      [2, 4, 3],
      [2, 4, 3, 5, 3],
    ]);
  });

  it('marks exactly the inputs that were cut', async () => {
    const tokenizer = await loadTokenizer(golden);
    const words = fc.array(fc.constantFrom('a', 'the', 'hello', 'incomprehensible,', '😀', 'é'), {
      maxLength: 120,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(words, { maxLength: 6 }),
        fc.integer({ min: 3, max: 30 }),
        async (rows, maxLength) => {
          const texts = rows.map((row) => ({ text: row.join(' ') }));
          const whole = await tokenizer.encode(texts, {});
          const cut = await tokenizer.encode(texts, { maxLength });
          expect(cut.map((ids) => ids.truncated)).toEqual(
            whole.map((ids) => ids.inputIds.length > maxLength),
          );
          expect(cut.every((ids) => ids.inputIds.length <= maxLength)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('marks a text as cut where the library stops reading it early', async () => {
    const tokenizer = await loadTokenizer(join(golden, '../../models/bert'));
    const text =
      'This version released late 2005 is obviously a cost-cutting result. This release drops the zipper which ' +
      'is essential when travelling.  Also the price have doubled compared to the previous style.';
    const [cut] = await tokenizer.encode([{ text }], { maxLength: 64 });
    expect(cut).toMatchObject({ truncated: true });
    expect(cut!.inputIds).toHaveLength(64);
  });

  it('refuses a max_length that the special tokens alone fill', async () => {
    await expect(letters.encode([{ text: 'a', textPair: 'b' }], { maxLength: 2 })).rejects.toMatchObject({
      code: 'tokenizer/max-length-too-small',
      message: 'max_length is 2, but each text takes 3 special tokens alone.',
    });
  });

  it('keeps calls that overlap apart', async () => {
    const texts = Array.from({ length: 600 }, () => ({ text: 'a b c d' }));
    const [cut, whole] = await Promise.all([
      letters.encode(texts, { maxLength: 4 }),
      letters.encode(texts, {}),
    ]);
    expect(new Set(cut.map((ids) => ids.inputIds.length))).toEqual(new Set([4]));
    expect(new Set(whole.map((ids) => ids.inputIds.length))).toEqual(new Set([6]));
  });

  it('goes on after a call that failed', async () => {
    await expect(letters.encode([{ text: 'a' }], { maxLength: 1 })).rejects.toThrow();
    expect(inputIds(await letters.encode([{ text: 'a' }], {}))).toEqual([[2, A, 3]]);
  });

  it('cuts a text of 1 MB', async () => {
    const tokenizer = await loadTokenizer(golden);
    const [ids] = await tokenizer.encode([{ text: 'word and more '.repeat(75_000) }], { maxLength: 512 });
    expect(ids!.inputIds).toHaveLength(512);
    expect(ids!.truncated).toBe(true);
  });

  it('keeps order over many batches', async () => {
    const texts = Array.from({ length: 1000 }, (_, i) => ({ text: vocabulary[A + (i % 6)]! }));
    const encoded = await letters.encode(texts, {});
    expect(encoded.map((ids) => ids.inputIds[1])).toEqual(texts.map((_, i) => A + (i % 6)));
  });

  it('names what is missing when there is no padding token', async () => {
    const none = await lettersTokenizer({ pad_token: null });
    expect(() => none.padTokenId).toThrow('has no padding token');
    await expect(none.encode([{ text: 'a' }], { maxLength: 8, padding: 'max_length' })).rejects.toMatchObject(
      {
        code: 'tokenizer/no-pad-token',
      },
    );
  });
});
