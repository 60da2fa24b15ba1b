import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Fault } from '../../../shared/faults/index.ts';
import type { TextInput } from './text-tokenizer.ts';
import { loadTokenizer, writeTokenizer } from './load-tokenizer.ts';

const ids = z.array(z.number());
const caseSchema = z.object({
  name: z.string(),
  /** A name of `shared`, or a value to be written as JSON. */
  files: z.record(z.string(), z.unknown()),
  error: z.string().optional(),
  class: z.string().optional(),
  limit: z.number().nullish(),
  size: z.number().optional(),
  ids: z.array(ids).optional(),
  types: ids.nullish(),
  keys: z.array(z.string()).optional(),
  cut: ids.optional(),
  padded: z.object({ input_ids: ids, attention_mask: ids, token_type_ids: ids.optional() }).optional(),
});
type Case = z.output<typeof caseSchema> & {
  inputs: TextInput[];
  contents: (name: string) => string | Buffer;
};

const fixtures = join(import.meta.dirname, 'fixtures');
const fileSchema = z.object({
  texts: z.array(z.tuple([z.string(), z.string().nullable()])),
  shared: z.record(z.string(), z.string()).default({}),
  cases: z.array(caseSchema),
});
async function readCases(file: string): Promise<Case[]> {
  const { texts, shared, cases } = fileSchema.parse(JSON.parse(await readFile(join(fixtures, file), 'utf8')));
  const inputs = texts.map(([text, pair]) => (pair === null ? { text } : { text, textPair: pair }));
  const contents = (name: string) =>
    shared[name] ?? gunzipSync(readFileSync(join(fixtures, 'sentencepiece', `${name}.gz`)));
  return cases.map((c) => ({ ...c, inputs, contents }));
}
// Made by fixtures/make.py and fixtures/sentencepiece-folders.py with transformers 5.17.
const cases = [...(await readCases('folders.json')), ...(await readCases('sentencepiece.json'))];

let temporary: string;
beforeAll(async () => void (temporary = await mkdtemp(join(tmpdir(), 'graft-folders-'))));
afterAll(() => rm(temporary, { recursive: true, force: true }));

async function folderOf({ files, contents }: Case): Promise<string> {
  const folder = await mkdtemp(join(temporary, 'folder-'));
  for (const [name, value] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof value === 'string' ? contents(value) : JSON.stringify(value));
  }
  return folder;
}

/** transformers takes these without a word and gives only unknown tokens, or runs Python, or fails itself. */
const isRefused = (c: Case): boolean =>
  c.error !== undefined ||
  c.class === 'BertJapaneseTokenizer' ||
  /vocab\.(txt: roberta|json: bert)'s|with roberta's files/.test(c.name);

it.each(cases.filter(isRefused))('$name: is refused with a reason', async (c) => {
  await expect(loadTokenizer(await folderOf(c))).rejects.toBeInstanceOf(Fault);
});

describe.each(cases.filter((c) => !isRefused(c)))('$name', (c) => {
  it('tokenises as transformers does', async () => {
    const folder = await folderOf(c);
    const tokenizer = await loadTokenizer(folder);
    const encoded = await tokenizer.encode(c.inputs, {});
    expect(encoded.map(({ inputIds }) => [...inputIds])).toEqual(c.ids);
    expect(encoded.at(-1)!.tokenTypeIds && [...encoded.at(-1)!.tokenTypeIds!]).toEqual(c.types ?? undefined);
    expect(tokenizer.hasTokenTypeIds).toBe(c.keys!.includes('token_type_ids'));
    expect(tokenizer.modelMaxLength).toBe(c.limit ?? null);
    expect(tokenizer.vocabSize).toBe(c.size);
    const [cut] = await tokenizer.encode([{ text: c.inputs[2]!.text }], { maxLength: 5 });
    expect([...cut!.inputIds]).toEqual(c.cut);
    if (c.padded) {
      const [padded] = await tokenizer.encode([{ text: 'the' }], { padding: 'max_length', maxLength: 6 });
      expect([...padded!.inputIds]).toEqual(c.padded.input_ids);
      expect([...padded!.attentionMask]).toEqual(c.padded.attention_mask);
    }
  });

  it('is written so that tokenizer.json alone says it all', async () => {
    const written = await mkdtemp(join(temporary, 'written-'));
    await writeTokenizer(await folderOf(c), written, 512);
    const alone = await mkdtemp(join(temporary, 'alone-'));
    await copyFile(join(written, 'tokenizer.json'), join(alone, 'tokenizer.json'));
    const splits = c.name.includes('are split') ? { split_special_tokens: true } : {};
    await writeFile(join(alone, 'tokenizer_config.json'), JSON.stringify(splits));
    const encoded = await (await loadTokenizer(alone)).encode(c.inputs, {});
    expect(encoded.map(({ inputIds }) => [...inputIds])).toEqual(c.ids);
  });
});
