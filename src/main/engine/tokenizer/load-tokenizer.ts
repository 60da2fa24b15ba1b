import { copyFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { readJsonFile } from './files.ts';
import { readTokenizer, tokenizerFiles } from './read-folder.ts';
import { processTokenizer, type TextTokenizer } from './text-tokenizer.ts';
import type { TokenizerDocument } from './parts.ts';
import { vocabularyMap, type BuiltTokenizer } from './tokenizer-document.ts';
import { askTokenizer } from './tokenizer-host.ts';

/**
 * The tokenizer of a checkpoint folder, as `AutoTokenizer` of transformers 5.17 builds it from whichever files are there;
 * it lives in a process of its own. Throws `tokenizer/…` and `files/unreadable`.
 */
export async function loadTokenizer(folder: string): Promise<TextTokenizer> {
  const dir = resolve(folder);
  const files = await tokenizerFiles(dir);
  const opened = await askTokenizer({ kind: 'open', folder: dir }, files[0] ?? dir);
  return processTokenizer(dir, files, opened);
}

/**
 * What a person should know of a folder's tokenizer: what its files say in vain, why it cannot be read, or that it has
 * tokens which a model of `embeddings` rows does not know.
 */
export async function tokenizerNotes(folder: string, embeddings?: number): Promise<readonly Fault[]> {
  try {
    const { settings, built } = await readTokenizer(resolve(folder));
    const last = largestId(built);
    const size = embeddings ?? Infinity;
    const larger = last < size ? [] : [fault('models/tokenizer-larger', { folder, id: last, size })];
    return [...larger, ...settings.notes, ...(await sentenceNotes(resolve(folder), settings.modelMaxLength))];
  } catch (error) {
    if (error instanceof Fault) return [error];
    throw error;
  }
}

function largestId({ document: { model }, added }: BuiltTokenizer): number {
  const ids = [...added.map(({ id }) => id), ...vocabularyMap(model.vocab).values()];
  return ids.reduce((largest, id) => Math.max(largest, id), 0);
}

const sentenceSchema = z.looseObject({
  max_seq_length: z.number().nullish(),
  do_lower_case: z.boolean().nullish(),
});

/** What sentence-transformers takes from a file of its own, and a tokenizer alone does not. */
async function sentenceNotes(dir: string, limit: number | null): Promise<Fault[]> {
  const file = join(dir, 'sentence_bert_config.json');
  const said = await readJsonFile(file, sentenceSchema);
  const notes: Fault[] = [];
  if (said?.max_seq_length != null && said.max_seq_length !== limit)
    notes.push(fault('tokenizer/sentence-length', { file, found: said.max_seq_length, limit }));
  if (said?.do_lower_case === true) notes.push(fault('tokenizer/sentence-case', { file }));
  return notes;
}

/**
 * Writes the tokenizer of a folder into another one: its files as they are, and a tokenizer.json and
 * tokenizer_config.json that say what transformers makes of them all, for programs that read nothing else. `longest`:
 * tokens that the model has positions for, to which texts are cut where the files name no limit or a larger one.
 */
export async function writeTokenizer(from: string, to: string, longest: number): Promise<void> {
  const dir = resolve(from);
  const { source, settings, built } = await readTokenizer(dir);
  const { document } = built;
  const files = await tokenizerFiles(dir);
  for (const file of files) await copyFile(file, join(to, basename(file)));
  const own = source.document;
  if (own === null || !says(own, document)) {
    const completed = { ...document, truncation: own?.truncation ?? null, padding: own?.padding ?? null };
    await writeFileAtomic(join(to, 'tokenizer.json'), JSON.stringify(completed));
  }
  const file = files.find((path) => basename(path) === 'tokenizer_config.json');
  const raw = (file === undefined ? null : await readJsonFile(file, configSchema)) ?? configSchema.parse({});
  const { auto_map: code, tokenizer_class: name, model_max_length: said, ...kept } = raw;
  const isWithin = typeof said === 'number' && said > 0 && said <= longest;
  if (name != null && isWithin && code === undefined) return;
  const config = {
    ...kept,
    tokenizer_class: name ?? settings.class.name,
    model_max_length: isWithin ? said : longest,
  };
  await writeFileAtomic(join(to, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

const configSchema = z.looseObject({
  auto_map: z.unknown().optional(),
  tokenizer_class: z.string().nullish(),
  model_max_length: z.unknown().optional(),
});

/** Whether a tokenizer.json says by itself what was made of it. */
const says = (own: TokenizerDocument, made: TokenizerDocument): boolean =>
  (['normalizer', 'pre_tokenizer', 'post_processor', 'added_tokens', 'model'] as const).every((key) =>
    isDeepStrictEqual(own[key], made[key]),
  );
