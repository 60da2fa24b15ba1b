import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../../shared/faults/index.ts';
import { loadTokenizer } from './load-tokenizer.ts';

let temporary: string;
beforeAll(async () => void (temporary = await mkdtemp(join(tmpdir(), 'graft-hostile-'))));
afterAll(() => rm(temporary, { recursive: true, force: true }));

const wordPiece = {
  type: 'WordPiece',
  unk_token: '[UNK]',
  continuing_subword_prefix: '##',
  max_input_chars_per_word: 100,
  vocab: { '[UNK]': 0, a: 1, '##a': 2, '<s>': 3 },
};
const sequence = { Sequence: { id: 'A', type_id: 0 } };
const bos = { SpecialToken: { id: '<s>', type_id: 0 } };
const template = (single: object[], ids: number[] | null) => ({
  type: 'TemplateProcessing',
  single,
  pair: [sequence, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: ids === null ? {} : { '<s>': { id: '<s>', ids, tokens: ids.map(() => '<s>') } },
});
const split = (pattern: string) => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});
const replace = (content: string) => ({ type: 'Replace', pattern: { String: 'a' }, content });
const charsmap = (bytes: number[]) => ({
  type: 'Precompiled',
  precompiled_charsmap: Buffer.from(bytes).toString('base64'),
});

async function folderOf(parts: object): Promise<string> {
  const folder = await mkdtemp(join(temporary, 'case-'));
  const whole = {
    version: '1.0',
    added_tokens: [],
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: wordPiece,
  };
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...whole, ...parts }));
  return folder;
}
const use = async (folder: string) => {
  const tokenizer = await loadTokenizer(folder);
  return tokenizer.encode([{ text: `${'a'.repeat(40)} a é` }, { text: 'a', textPair: 'a' }], {
    maxLength: 50,
  });
};
const faultOf = async (work: () => Promise<unknown>): Promise<Fault> => {
  const error: unknown = await work().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
};

describe('a tokenizer.json over which the library breaks down', () => {
  it.each<[string, object, RegExp]>([
    ['a pattern that backtracks', { pre_tokenizer: split('(a+)+b|(a|a)*c') }, /retry-limit/],
    ['a charsmap that is none', { normalizer: charsmap([255, 255, 255, 127, 1, 2, 3]) }, /charsmap/],
    [
      'a charsmap that points nowhere',
      {
        normalizer: charsmap([16, 0, 0, 0, 255, 255, 255, 255, 255, 1, 2, 3, 9, 9, 9, 9, 9, 9, 9, 9, 65, 66]),
      },
      /out of bounds/,
    ],
    ['a template with an unknown token', { post_processor: template([bos, sequence], null) }, /no entry/],
    [
      'merges that make no token',
      { model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [['a', 'b']] } },
      /range/,
    ],
    ['an unknown token that is not there', { model: { ...wordPiece, unk_token: 'none' } }, /Missing \[UNK\]/],
  ])('%s is one failed answer that names the file', async (_, parts, reason) => {
    const folder = await folderOf(parts);
    const sound = await loadTokenizer(await folderOf({}));
    const [fault, encoded] = await Promise.all([
      faultOf(() => use(folder)),
      sound.encode([{ text: 'a' }], {}),
    ]);
    expect(fault.code).toBe('tokenizer/ended');
    expect(fault.message).toContain(join(folder, 'tokenizer.json'));
    expect(fault.message).toMatch(reason);
    expect([...encoded[0]!.inputIds]).toEqual([1]);
    expect([...(await sound.encode([{ text: 'aa' }], {}))[0]!.inputIds]).toEqual([1, 2]);
  });

  it('that has no answer in its time is given up, and the next question gets one', async () => {
    const folder = await folderOf({});
    const tokenizer = await loadTokenizer(folder);
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const asked = faultOf(() => tokenizer.encode([{ text: 'a '.repeat(400_000) }], {}));
      await vi.advanceTimersByTimeAsync(60_000);
      const fault = await asked;
      expect(fault.code).toBe('tokenizer/slow');
      expect(fault.message).toContain(join(folder, 'tokenizer.json'));
    } finally {
      vi.useRealTimers();
    }
    expect([...(await tokenizer.encode([{ text: 'a' }], {}))[0]!.inputIds]).toEqual([1]);
  });
});

describe('a tokenizer.json that makes far more of a text', () => {
  it.each<[string, object, string]>([
    ['by a long replacement', { normalizer: replace('a'.repeat(100_000)) }, 'normalizer has one'],
    [
      'by one replacement after another',
      { normalizer: { type: 'Sequence', normalizers: Array.from({ length: 30 }, () => replace('aa')) } },
      'normalizer.normalizers.6 has one that may grow a text 128 times',
    ],
    [
      'by what it prepends',
      { normalizer: { type: 'Prepend', prepend: 'a'.repeat(5000) } },
      'normalizer has one',
    ],
    [
      'by a special token of many ids',
      { post_processor: template([bos, sequence], new Array<number>(1000).fill(3)) },
      'post_processor has 1000 ids for one token',
    ],
    [
      'by a template of many pieces',
      { post_processor: template(new Array<object>(100).fill(sequence), [3]) },
      'post_processor has 100 pieces',
    ],
  ])('%s is refused by its key', async (_, parts, found) => {
    const fault = await faultOf(async () => use(await folderOf(parts)));
    expect(fault.code).toBe('tokenizer/grows');
    expect(fault.message).toContain(found);
  });
});
