import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { readJsonFile, readTextFile } from './files.ts';
import { GENERIC, classByName, type TokenizerClass } from './tokenizer-class.ts';
import { readSentencePiece } from './sentencepiece.ts';
import { tokenizerDocument, type TokenizerDocument } from './parts.ts';
import {
  buildTokenizer,
  documentSettings,
  vocabularyFiles,
  type BuiltTokenizer,
  type VocabularySource,
} from './tokenizer-document.ts';
import { readTokenizerSettings, type TokenizerSettings } from './tokenizer-settings.ts';

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
  'tokenizer.model',
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
      : { file, vocab: document.model.vocab, merges: mergesOf(document), document, sentencePiece: null };
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
  const files = vocabularyFiles(settings.class);
  for (const own of files) {
    const file = join(dir, own);
    const found = await (own.endsWith('.model') ? readPieces(file) : readTokens(file));
    if (found !== null) return { file, document: null, ...found };
  }
  if (family === 'python') throw fault('tokenizer/class', { file: settings.classFile, found: name });
  const found = (await tokenizerFiles(dir)).map((path) => basename(path));
  const codes = join(dir, 'bpe.codes');
  if (await exists(codes))
    throw fault('tokenizer/class', { file: codes, found: 'PhobertTokenizer or BertweetTokenizer' });
  const reads = [
    'tokenizer.json',
    ...files.map((own) => (own === 'vocab.json' ? 'vocab.json with merges.txt' : own)),
  ];
  throw fault('tokenizer/missing', { dir, class: name, reads: reads.join(' or '), found });
}

type Read = Pick<VocabularySource, 'vocab' | 'merges' | 'sentencePiece'>;

async function readPieces(file: string): Promise<Read | null> {
  const model = await readSentencePiece(file);
  return model && { vocab: model.pieces, merges: [], sentencePiece: model };
}

/** A vocab.txt, or a vocab.json with the merges.txt beside it. */
async function readTokens(file: string): Promise<Read | null> {
  const read = { merges: [], sentencePiece: null };
  if (file.endsWith('.txt')) {
    const text = await readTextFile(file);
    return text === null ? null : { ...read, vocab: Object.fromEntries(readVocabText(text)) };
  }
  const mergesFile = join(dirname(file), 'merges.txt');
  const vocab = await readJsonFile(file, z.record(z.string(), z.int().nonnegative()));
  const merges = await readTextFile(mergesFile);
  if (vocab === null || merges === null) return null;
  return { ...read, vocab, merges: readMerges(merges, mergesFile) };
}

/** Token to id of a vocab.txt: a token a line, its id the line's number from 0; the last of equal tokens counts. */
function readVocabText(text: string): Map<string, number> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  // The library cuts white space at the end of a line, and nothing else.
  return new Map(lines.map((line, id) => [line.replace(/\p{White_Space}+$/u, ''), id]));
}

/** Two tokens a line, the most frequent pair first, after a `#version` line. Throws `tokenizer/unreadable`. */
function readMerges(text: string, file: string): string[][] {
  const pairs: string[][] = [];
  // Only real line ends separate: a byte-level token never holds one, but may hold other Unicode separators.
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === '' || line.startsWith('#version')) continue;
    const pair = line.split(' ');
    if (pair.length !== 2) {
      const reason = `line ${index + 1} does not hold two tokens`;
      throw fault('tokenizer/unreadable', { file, reason });
    }
    pairs.push(pair);
  }
  return pairs;
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
