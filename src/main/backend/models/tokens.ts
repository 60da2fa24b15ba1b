import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import type { tokenSchema } from '../../../shared/contract/models.ts';
import { loadTokenizer } from '../../engine/tokenizer/load-tokenizer.ts';
import { TOKENIZER_FILES } from '../../engine/tokenizer/read-folder.ts';
import type { TextTokenizer } from '../../engine/tokenizer/text-tokenizer.ts';

interface Loaded {
  key: string;
  tokenizer: TextTokenizer;
}

/** The last few are kept: a person who types asks at every key. */
const MOST_LOADED = 3;
const loaded: Loaded[] = [];

/** The tokens of a text as the model gets them, nothing cut. Throws `tokenizer/…` and `files/…`. */
export async function tokenize({
  folder,
  text,
  textPair,
}: {
  folder: string;
  text: string;
  textPair?: string | undefined;
}): Promise<{ tokens: z.infer<typeof tokenSchema>[]; unknown: number }> {
  const { tokenizer } = await load(folder);
  const input = textPair === undefined ? { text } : { text, textPair };
  const [encoded] = await tokenizer.encode([input], {});
  const ids = [...encoded!.inputIds];
  const texts = await tokenizer.tokenTexts(ids);
  const tokens = ids.map((id, i) => ({
    id,
    text: texts[i] ?? '',
    special: tokenizer.special.has(id),
    unknown: id === tokenizer.unknownId,
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
  const names = [...TOKENIZER_FILES, 'config.json'];
  const times = names.map(
    async (name) => (await stat(path.join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
  );
  return [folder, ...(await Promise.all(times))].join('|');
}

async function open(folder: string, key: string): Promise<Loaded> {
  return { key, tokenizer: await loadTokenizer(folder) };
}
