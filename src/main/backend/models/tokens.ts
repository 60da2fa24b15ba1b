import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import type { tokenSchema } from '../../../shared/contract/models.ts';
import { fault } from '../../../shared/faults/index.ts';
import { loadTokenizer } from '../../engine/tokenizer/load-tokenizer.ts';
import type { TextTokenizer } from '../../engine/tokenizer/text-tokenizer.ts';
import { readTokenizerSettings } from '../../engine/tokenizer/tokenizer-settings.ts';

interface Loaded {
  key: string;
  tokenizer: TextTokenizer;
  special: ReadonlySet<number>;
  unknown: number | null;
}

const UNKNOWN = ['[UNK]', '<unk>'];
/** The last few are kept: a person who types asks at every key. */
const MOST_LOADED = 3;
const loaded: Loaded[] = [];
/** What is larger could fill the memory of the whole program once it is read. */
const LARGEST_VOCABULARY = 64 * 2 ** 20;

/** The tokens of a text as the model gets them, nothing cut. Throws `tokenizer/…` and `files/…`. */
export async function tokenize(
  folder: string,
  text: string,
  textPair?: string,
): Promise<{ tokens: z.infer<typeof tokenSchema>[]; unknown: number }> {
  const { tokenizer, special, unknown } = await load(folder);
  const input = textPair === undefined ? { text } : { text, textPair };
  const [encoded] = await tokenizer.encode([input], {});
  const tokens = Array.from(encoded!.inputIds, (id) => ({
    id,
    text: tokenizer.tokenText(id),
    special: special.has(id),
    unknown: id === unknown,
  }));
  return { tokens, unknown: tokens.filter((token) => token.unknown).length };
}

async function load(folder: string): Promise<Loaded> {
  const key = await keyOf(folder);
  const known = loaded.findIndex((one) => one.key === key);
  const found = known === -1 ? await open(folder, key) : loaded.splice(known, 1)[0]!;
  loaded.unshift(found);
  loaded.length = Math.min(loaded.length, MOST_LOADED);
  return found;
}

/** Changes when a file of the tokenizer does. */
async function keyOf(folder: string): Promise<string> {
  const names = ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt', 'vocab.json', 'merges.txt'];
  const times = names.map(
    async (name) => (await stat(path.join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
  );
  return [folder, ...(await Promise.all(times))].join('|');
}

async function open(folder: string, key: string): Promise<Loaded> {
  for (const name of ['tokenizer.json', 'vocab.json']) {
    const file = path.join(folder, name);
    const size = (await stat(file).catch(() => null))?.size ?? 0;
    const reason = `it has ${size} bytes, and the largest vocabularies have 40 million`;
    if (size > LARGEST_VOCABULARY) throw fault('tokenizer/unreadable', { file, reason });
  }
  const tokenizer = await loadTokenizer(folder);
  const settings = await readTokenizerSettings(folder);
  const idOf = async (token: string | undefined): Promise<number | null> => {
    if (token === undefined) return null;
    const [encoded] = await tokenizer.encode([{ text: token }], { addSpecialTokens: false });
    const [id] = encoded!.inputIds;
    return id !== undefined && encoded!.inputIds.length === 1 && tokenizer.tokenText(id) === token
      ? id
      : null;
  };
  let unknown = await idOf(settings.unk_token);
  for (const token of UNKNOWN) unknown ??= await idOf(token);
  const frames = await tokenizer.encode([{ text: '' }, { text: '', textPair: '' }], {});
  const { sep_token, pad_token, cls_token, mask_token, bos_token, eos_token } = settings;
  const named = await Promise.all(
    [sep_token, pad_token, cls_token, mask_token, bos_token, eos_token].map(idOf),
  );
  const special = new Set([
    ...frames.flatMap(({ inputIds }) => [...inputIds]),
    ...named.filter((id) => id !== null),
  ]);
  if (unknown !== null) special.delete(unknown);
  return { key, tokenizer, special, unknown };
}
