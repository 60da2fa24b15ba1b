import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Fault } from '../../../shared/faults/index.ts';
import { loadTokenizer, tokenizerNotes } from './load-tokenizer.ts';
import type { TextTokenizer, TokenizeOptions } from './text-tokenizer.ts';

const golden = join(import.meta.dirname, '../../../../fixtures/golden');
let temporary: string;
beforeAll(async () => void (temporary = await mkdtemp(join(tmpdir(), 'graft-tokenizer-'))));
afterAll(() => rm(temporary, { recursive: true, force: true }));

const goldenCase = z.object({
  text: z.string(),
  pair: z.string().nullable(),
  options: z.object({
    truncation: z.boolean(),
    max_length: z.number().optional(),
    padding: z.union([z.literal(false), z.literal('max_length')]),
  }),
  input_ids: z.array(z.number()),
  attention_mask: z.array(z.number()),
  token_type_ids: z.array(z.number()).optional(),
});
type GoldenCase = z.output<typeof goldenCase>;

async function readCases(file: string): Promise<GoldenCase[]> {
  return z.array(goldenCase).parse(JSON.parse(await readFile(join(golden, file), 'utf8')));
}

async function newFolder(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(temporary, 'case-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

async function expectGoldenIds(tokenizer: TextTokenizer, cases: GoldenCase[], extra: TokenizeOptions = {}) {
  for (const c of cases) {
    // An empty second text counts as none in a call of transformers with one text, as these were, and not in a batch.
    const input = { text: c.text, ...(c.pair && { textPair: c.pair }) };
    const [ids] = await tokenizer.encode([input], {
      ...(c.options.truncation && { maxLength: c.options.max_length! }),
      padding: c.options.padding === false ? 'none' : c.options.padding,
      ...extra,
    });
    expect([...ids!.inputIds], c.text).toEqual(c.input_ids);
    expect([...ids!.attentionMask]).toEqual(c.attention_mask);
    if (extra.addSpecialTokens !== false) {
      expect(ids!.tokenTypeIds && [...ids!.tokenTypeIds]).toEqual(c.token_type_ids);
    }
  }
}

describe.each(['seed1', 'seed2'])('golden cases of %s', (seed) => {
  const kinds = ['byte-bpe', 'byte-bpe-template', 'unigram-albert', 'unigram-xlmr'];

  it('gives the ids, mask and type ids of transformers for WordPiece', async () => {
    const tokenizer = await loadTokenizer(join(golden, seed, 'tokenizer'));
    await expectGoldenIds(tokenizer, await readCases(`${seed}/tokenization.json`));
    expect(tokenizer.modelMaxLength).toBe(64);
    expect(tokenizer.padTokenId).toBe(0);
    expect(tokenizer.files.map((file) => basename(file))).toEqual([
      'tokenizer.json',
      'tokenizer_config.json',
      'vocab.txt',
    ]);
  });

  it("gives them for WordPiece with BERT's own frame", async () => {
    const tokenizer = await loadTokenizer(join(golden, seed, 'tokenizer-bert'));
    await expectGoldenIds(tokenizer, await readCases(`${seed}/tokenizer-bert/cases.json`));
  });

  it.each(kinds)('gives the ids, mask and type ids of transformers for %s', async (kind) => {
    const tokenizer = await loadTokenizer(join(golden, seed, 'tokenizers', kind));
    await expectGoldenIds(tokenizer, await readCases(`${seed}/tokenizers/${kind}/cases.json`));
  });

  it('gives the same ids from vocab.txt alone', async () => {
    // The golden tokenizer was saved without its [CLS] and [SEP]; one built from vocab.txt adds them.
    const folder = await newFolder({ 'tokenizer_config.json': `{"do_lower_case": ${seed === 'seed1'}}` });
    await copyFile(join(golden, seed, 'tokenizer/vocab.txt'), join(folder, 'vocab.txt'));
    const tokenizer = await loadTokenizer(folder);
    const cases = await readCases(`${seed}/tokenization.json`);
    await expectGoldenIds(tokenizer, cases, { addSpecialTokens: false });
    const whole = cases.filter((c) => !c.options.truncation && c.pair === null);
    const ids = await tokenizer.encode(whole, {});
    expect(ids.map((i) => [...i.inputIds])).toEqual(whole.map((c) => [2, ...c.input_ids, 3]));
    const [a, b] = (await readFile(join(folder, 'vocab.txt'), 'utf8'))
      .split('\n')
      .flatMap((token, id) => (/^[ab]$/.test(token) ? [id] : []));
    const [pair] = await tokenizer.encode([{ text: 'a', textPair: 'b' }], {});
    expect([...pair!.inputIds]).toEqual([2, a, 3, b, 3]);
    expect([...pair!.tokenTypeIds!]).toEqual([0, 0, 0, 1, 1]);
  });

  it('gives the same ids from vocab.json and merges.txt', async () => {
    const source = join(golden, seed, 'tokenizers/byte-bpe');
    const { model } = z
      .object({
        model: z.object({ vocab: z.record(z.string(), z.number()), merges: z.array(z.array(z.string())) }),
      })
      .parse(JSON.parse(await readFile(join(source, 'tokenizer.json'), 'utf8')));
    const folder = await newFolder({
      'vocab.json': JSON.stringify(model.vocab),
      'merges.txt': `#version: 0.2\n${model.merges.map((pair) => pair.join(' ')).join('\n')}\n`,
    });
    const cases = await readCases(`${seed}/tokenizers/byte-bpe/cases.json`);
    await expectGoldenIds(await loadTokenizer(folder), cases);
    await writeFile(join(folder, 'tokenizer_config.json'), '{"tokenizer_class":"RobertaTokenizerFast"}');
    await expectGoldenIds(await loadTokenizer(folder), cases);
  });
});

describe('loadTokenizer', () => {
  const wordPieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', 'c', 'B', '##b', 'é', 'e'].join('\n');
  const ids = async (tokenizer: TextTokenizer, text: string, options: TokenizeOptions = {}) => [
    ...(await tokenizer.encode([{ text }], options))[0]!.inputIds,
  ];

  it('follows do_lower_case and strip_accents', async () => {
    const plain = await loadTokenizer(await newFolder({ 'vocab.txt': wordPieces }));
    expect(await ids(plain, 'B é')).toEqual([2, 5, 10, 3]);
    const cased = await newFolder({
      'vocab.txt': wordPieces,
      'tokenizer_config.json': '{"do_lower_case":false}',
    });
    expect(await ids(await loadTokenizer(cased), 'B é')).toEqual([2, 7, 9, 3]);
    const accents = await newFolder({
      'vocab.txt': wordPieces,
      'tokenizer_config.json': '{"strip_accents":false}',
    });
    expect(await ids(await loadTokenizer(accents), 'B é')).toEqual([2, 5, 9, 3]);
  });

  it('takes special tokens from special_tokens_map.json, as strings or objects', async () => {
    const folder = await newFolder({
      'vocab.txt': ['<p>', '<u>', '<c>', '<s>', 'a'].join('\r\n'),
      'special_tokens_map.json': JSON.stringify({
        unk_token: '<u>',
        cls_token: { content: '<c>', lstrip: false },
        sep_token: '<s>',
        pad_token: '<p>',
      }),
    });
    const tokenizer = await loadTokenizer(folder);
    expect(await ids(tokenizer, 'a <s> zzz')).toEqual([2, 4, 3, 1, 3]);
    expect(tokenizer.padTokenId).toBe(0);
    // [MASK] is not in the vocabulary: transformers adds it behind.
    expect(tokenizer.vocabSize).toBe(6);
    expect(await tokenizer.tokenTexts([4, 99])).toEqual(['a', '']);
  });

  it('ignores the truncation and padding that tokenizer.json carries', async () => {
    const text = await readFile(join(golden, 'seed1/tokenizers/byte-bpe/tokenizer.json'), 'utf8');
    const document = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    document['truncation'] = { direction: 'Right', max_length: 4, strategy: 'LongestFirst', stride: 0 };
    document['padding'] = {
      strategy: { Fixed: 128 },
      direction: 'Right',
      pad_to_multiple_of: null,
      pad_id: 1,
      pad_type_id: 0,
      pad_token: '<pad>',
    };
    const tokenizer = await loadTokenizer(await newFolder({ 'tokenizer.json': JSON.stringify(document) }));
    expect(await ids(tokenizer, 'hello world this is')).toHaveLength(9);
    expect(tokenizer.modelMaxLength).toBeNull();
  });

  it('gives token types as the class or the model type has them', async () => {
    const gives = async (files: Record<string, string>) =>
      (await loadTokenizer(await newFolder({ 'vocab.txt': wordPieces, ...files }))).hasTokenTypeIds;
    expect(await gives({})).toBe(true);
    expect(await gives({ 'config.json': '{"model_type":"distilbert"}' })).toBe(true);
    expect(await gives({ 'tokenizer_config.json': '{"tokenizer_class":"DistilBertTokenizer"}' })).toBe(false);
    expect(await gives({ 'tokenizer_config.json': '{"tokenizer_class":"SqueezeBertTokenizerFast"}' })).toBe(
      true,
    );
    expect(await gives({ 'tokenizer_config.json': '{"tokenizer_class":"BertTokenizer"}' })).toBe(true);
    const named =
      '{"tokenizer_class":"DistilBertTokenizer","model_input_names":["input_ids","token_type_ids"]}';
    expect(await gives({ 'tokenizer_config.json': named })).toBe(true);
  });

  it('notes what the files say in vain', async () => {
    const codes = async (files: Record<string, string>) =>
      (await tokenizerNotes(await newFolder({ 'vocab.txt': wordPieces, ...files }))).map(({ code }) => code);
    expect(await codes({ 'tokenizer_config.json': '{"model_max_length":8}' })).toEqual([]);
    expect(
      await codes({
        'tokenizer_config.json':
          '{"never_split":["a"],"do_basic_tokenize":false,"auto_map":{"AutoTokenizer":["x",null]}}',
        'sentence_bert_config.json': '{"max_seq_length":8,"do_lower_case":true}',
      }),
    ).toEqual([
      'tokenizer/no-effect',
      'tokenizer/no-effect',
      'tokenizer/own-code',
      'tokenizer/sentence-length',
      'tokenizer/sentence-case',
    ]);
    const larger = await tokenizerNotes(await newFolder({ 'vocab.txt': wordPieces }), 10);
    expect(larger.map(({ message }) => message.replace(/in \S+/, 'in DIR'))).toEqual([
      'The tokenizer in DIR gives the token id 11, but the checkpoint has embeddings for 0 to 9.',
    ]);
    const rebuilt = await readFile(join(golden, 'seed1/tokenizer/tokenizer.json'), 'utf8');
    const notes = await tokenizerNotes(
      await newFolder({
        'tokenizer.json': rebuilt.replace('"handle_chinese_chars": true', '"handle_chinese_chars": false'),
        'tokenizer_config.json': '{"tokenizer_class":"BertTokenizer"}',
      }),
    );
    expect(notes.map(({ code }) => code)).toEqual(['tokenizer/rebuilt']);
    expect(await codes({ 'tokenizer_config.json': '{' })).toEqual(['tokenizer/unreadable']);
  });

  it('reads model_max_length, and the 1e30 of transformers as no limit', async () => {
    const limit = async (value: string) =>
      (
        await loadTokenizer(
          await newFolder({
            'vocab.txt': wordPieces,
            'tokenizer_config.json': `{"model_max_length":${value}}`,
          }),
        )
      ).modelMaxLength;
    expect(await limit('512')).toBe(512);
    expect(await limit('1000000000000000019884624838656')).toBeNull();
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'tokenizer/missing',
      { 'spiece.model': 'x' },
      /read from tokenizer\.json or vocab\.txt; found only spiece\.model/,
    ],
    [
      'tokenizer/missing',
      { 'config.json': '{"model_type":"deberta-v2"}' },
      /DebertaV2Tokenizer is read from tokenizer\.json or spm\.model or tokenizer\.model; found none/,
    ],
    [
      'tokenizer/class',
      { 'bpe.codes': 'x', 'vocab.txt': 'x', 'config.json': '{"model_type":"roberta"}' },
      /bpe\.codes is for PhobertTokenizer or BertweetTokenizer/,
    ],
    [
      'tokenizer/class',
      { 'config.json': '{"model_type":"roberta","tokenizer_class":"BertweetTokenizer"}' },
      /config\.json is for BertweetTokenizer, which is written in Python/,
    ],
    ['tokenizer/unreadable', { 'tokenizer.json': '{"model":' }, /tokenizer\.json .* not JSON/],
    ['tokenizer/unreadable', { 'tokenizer.json': '{}' }, /tokenizer\.json .* "model": expected object/],
    [
      'tokenizer/unreadable',
      { 'tokenizer.json': '{"model":{"type":"BPE","vocab":{},"merges":[["a","b"]]}}' },
      /`a`/,
    ],
    [
      'tokenizer/unreadable',
      { 'vocab.txt': 'a', 'tokenizer_config.json': '{"model_max_length":"x"}' },
      /model_max_l/,
    ],
    ['tokenizer/missing-token', { 'vocab.txt': 'a\nb' }, /vocab\.txt has no entry for unk_token, "\[UNK\]"/],
    [
      'tokenizer/missing-token',
      { 'vocab.json': '{"a":0}', 'merges.txt': '' },
      /vocab\.json .* cls_token, "<s>"/,
    ],
    ['tokenizer/unreadable', { 'vocab.json': '{"<s>":0,"</s>":1}', 'merges.txt': '#version\na\n' }, /line 2/],
  ])('says what is wrong: %s %j', async (code, files, message) => {
    const error: unknown = await loadTokenizer(await newFolder(files)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).code).toBe(code);
    expect((error as Fault).message).toMatch(message);
  });

  it('answers damaged tokenizer files with a fault, whatever the damage', { timeout: 60_000 }, async () => {
    const whole = await readFile(join(golden, 'seed1/tokenizer/tokenizer.json'));
    const folder = join(temporary, 'damaged');
    await mkdir(folder);
    const edit = fc.record({
      at: fc.nat(whole.length - 1),
      with: fc.uint8Array({ maxLength: 4 }),
      cut: fc.nat(40),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let bytes = whole;
        for (const e of edits)
          bytes = Buffer.concat([bytes.subarray(0, e.at), e.with, bytes.subarray(e.at + e.cut)]);
        await writeFile(join(folder, 'tokenizer.json'), bytes);
        try {
          await (await loadTokenizer(folder)).encode([{ text: 'The food was great' }], { maxLength: 8 });
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: 150 },
    );
    expect(await readdir(folder)).toEqual(['tokenizer.json']);
  });
});
