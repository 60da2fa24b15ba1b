import { access, copyFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Tokenizer } from 'tokenizers';
import { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { contentOf } from './added-tokens.ts';
import { readMerges } from './byte-level-bpe.ts';
import { readJsonFile, readTextFile } from './files.ts';
import { NativeTextTokenizer, type TextTokenizer } from './text-tokenizer.ts';
import { GENERIC, classByName, type Family, type TokenizerClass } from './tokenizer-class.ts';
import {
  buildTokenizer,
  documentSettings,
  tokenizerDocument,
  type BuiltTokenizer,
  type TokenizerDocument,
  type VocabularySource,
} from './tokenizer-document.ts';
import { readTokenizerSettings, type TokenizerSettings } from './tokenizer-settings.ts';
import { readVocabText } from './word-piece.ts';

/** Every file that any program reads a tokenizer from. */
const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'spiece.model',
  'spm.model',
  'sentencepiece.bpe.model',
];

/**
 * The tokenizer of a checkpoint folder, as `AutoTokenizer` of transformers 5.17 builds it from whichever files are there.
 * Throws `tokenizer/…` and `files/unreadable`.
 */
export async function loadTokenizer(folder: string): Promise<TextTokenizer> {
  const dir = resolve(folder);
  const { source, settings, built } = await readTokenizer(dir);
  const { document } = built;
  let native: Tokenizer;
  try {
    // Special tokens that are to be split like any text are not looked for.
    const matched = settings.options.split_special_tokens === true ? [] : document.added_tokens;
    native = Tokenizer.fromString(JSON.stringify({ ...document, added_tokens: matched }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fault('tokenizer/unreadable', { file: source.file, reason }, error);
  }
  const pad = built.tokens.get('pad_token') ?? source.document?.padding?.pad_token;
  return new NativeTextTokenizer(native, {
    dir,
    files: await existingFiles(dir),
    padToken: built.tokens.get('pad_token') === null ? null : pad === undefined ? undefined : contentOf(pad),
    ...specialIds(built, native),
    notes: settings.notes,
    modelMaxLength: settings.modelMaxLength,
    hasTokenTypeIds: settings.hasTokenTypeIds,
    paddingSide: settings.paddingSide,
    truncationSide: settings.truncationSide,
  });
}

/** What a person should know of a folder's tokenizer: what its files say in vain, or why it cannot be read. */
export async function tokenizerNotes(folder: string): Promise<readonly Fault[]> {
  try {
    return (await readTokenizer(resolve(folder))).settings.notes;
  } catch (error) {
    if (error instanceof Fault) return [error];
    throw error;
  }
}

/**
 * Writes the tokenizer of a folder into another one: its files as they are, and a tokenizer.json and
 * tokenizer_config.json that say what transformers makes of them all, for programs that read nothing else.
 */
export async function writeTokenizer(from: string, to: string, maxLength: number | null): Promise<void> {
  const dir = resolve(from);
  const { source, settings, built } = await readTokenizer(dir);
  const { document } = built;
  const files = await existingFiles(dir);
  for (const file of files) await copyFile(file, join(to, basename(file)));
  const own = source.document;
  if (own === null || !says(own, document)) {
    const whole = { ...document, truncation: own?.truncation ?? null, padding: own?.padding ?? null };
    await writeFileAtomic(join(to, 'tokenizer.json'), JSON.stringify(whole));
  }
  if (files.some((file) => basename(file) === 'tokenizer_config.json')) return;
  const config = {
    tokenizer_class: settings.class.name,
    ...(maxLength !== null && { model_max_length: maxLength }),
  };
  await writeFileAtomic(join(to, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** Whether a tokenizer.json says by itself what was made of it. */
const says = (own: TokenizerDocument, made: TokenizerDocument): boolean =>
  (['normalizer', 'pre_tokenizer', 'post_processor', 'added_tokens', 'model'] as const).every((key) =>
    isDeepStrictEqual(own[key], made[key]),
  );

async function readTokenizer(dir: string) {
  const file = join(dir, 'tokenizer.json');
  const document = await readJsonFile(file, tokenizerDocument);
  const inferred = document === null ? await inferredClass(dir) : GENERIC;
  const settings = await readTokenizerSettings(dir, document && documentSettings(document), () => inferred);
  const source =
    document === null
      ? await readVocabulary(dir, settings)
      : { file, vocab: document.model.vocab, merges: mergesOf(document), document };
  return { source, settings, built: buildTokenizer(source, settings) };
}

/** The class that a vocabulary is for where nothing names one. */
async function inferredClass(dir: string): Promise<TokenizerClass> {
  const isBpe = !(await exists(join(dir, 'vocab.txt'))) && (await exists(join(dir, 'vocab.json')));
  return classByName(isBpe ? 'RobertaTokenizer' : 'BertTokenizer');
}

function mergesOf({ model }: TokenizerDocument): (readonly string[])[] {
  return (model.merges ?? []).map((merge) => (typeof merge === 'string' ? merge.split(' ') : merge));
}

/** Throws `tokenizer/missing` where the files that the class reads are not all there, `tokenizer/class`. */
async function readVocabulary(dir: string, settings: TokenizerSettings): Promise<VocabularySource> {
  const { family, name } = settings.class;
  if (family === 'bert' || family === 'mpnet') {
    const file = join(dir, 'vocab.txt');
    const text = await readTextFile(file);
    if (text !== null)
      return { file, vocab: Object.fromEntries(readVocabText(text)), merges: [], document: null };
  }
  if (family === 'roberta') {
    const file = join(dir, 'vocab.json');
    const mergesFile = join(dir, 'merges.txt');
    const vocab = await readJsonFile(file, z.record(z.string(), z.int().nonnegative()));
    const merges = await readTextFile(mergesFile);
    if (vocab !== null && merges !== null)
      return { file, vocab, merges: readMerges(merges, mergesFile), document: null };
  }
  if (family === 'python') throw fault('tokenizer/class', { file: settings.file, found: name });
  const found = (await existingFiles(dir)).map((path) => basename(path));
  throw fault('tokenizer/missing', { dir, class: name, reads: filesOf(family), found });
}

function filesOf(family: Family): string {
  if (family === 'bert' || family === 'mpnet') return 'tokenizer.json or vocab.txt';
  return family === 'roberta' ? 'tokenizer.json, or vocab.json with merges.txt' : 'tokenizer.json';
}

/** Ids of special tokens, the unknown one apart. */
function specialIds({ document, added, tokens }: BuiltTokenizer, native: Tokenizer) {
  const { unk_token: own, unk_id: place } = document.model;
  const named = tokens.get('unk_token') ?? own ?? undefined;
  const unknownId = named === undefined ? (place ?? null) : native.tokenToId(contentOf(named));
  const special = new Set(
    added.filter((token) => token.special && token.id !== unknownId).map(({ id }) => id),
  );
  return { special, unknownId };
}

async function existingFiles(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of TOKENIZER_FILES) {
    const file = join(dir, name);
    if (await exists(file)) found.push(file);
  }
  return found;
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
