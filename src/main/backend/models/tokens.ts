import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import type { tokenSchema } from '../../../shared/contract/models.ts';
import { Recent } from '../../../shared/recent.ts';
import { loadTokenizer } from '../../engine/tokenizer/load-tokenizer.ts';
import { TOKENIZER_FILES } from '../../engine/tokenizer/read-folder.ts';
import type { TextTokenizer } from '../../engine/tokenizer/text-tokenizer.ts';

/** The last few are kept: a person who types asks at every key. */
const loaded = new Recent<Promise<TextTokenizer>>(3);

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
  const tokenizer = await loaded.get(await keyOf(folder), () => loadTokenizer(folder));
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

/** Changes when a file of the tokenizer does. */
async function keyOf(folder: string): Promise<string> {
  const names = [...TOKENIZER_FILES, 'config.json'];
  const times = names.map(
    async (name) => (await stat(path.join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
  );
  return [folder, ...(await Promise.all(times))].join('|');
}
