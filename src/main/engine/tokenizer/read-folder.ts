import { access } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { readMerges } from './byte-level-bpe.ts';
import { readJsonFile, readTextFile } from './files.ts';
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
export const TOKENIZER_FILES = [
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

/** A folder's tokenizer as its files say it, and what transformers 5.17 makes of them. */
export interface ReadTokenizer {
  source: VocabularySource;
  settings: TokenizerSettings;
  built: BuiltTokenizer;
}

/** Throws `tokenizer/…` and `files/unreadable`. */
export async function readTokenizer(dir: string): Promise<ReadTokenizer> {
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
  const found = (await tokenizerFiles(dir)).map((path) => basename(path));
  throw fault('tokenizer/missing', { dir, class: name, reads: filesOf(family), found });
}

function filesOf(family: Family): string {
  if (family === 'bert' || family === 'mpnet') return 'tokenizer.json or vocab.txt';
  return family === 'roberta' ? 'tokenizer.json, or vocab.json with merges.txt' : 'tokenizer.json';
}

/** The files of a folder that a tokenizer is read from. */
export async function tokenizerFiles(dir: string): Promise<string[]> {
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
