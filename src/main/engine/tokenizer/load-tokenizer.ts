import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Tokenizer } from 'tokenizers';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { byteLevelBpeDocument } from './byte-level-bpe.ts';
import { readJsonFile, readTextFile } from './files.ts';
import { NativeTextTokenizer, type TextTokenizer } from './text-tokenizer.ts';
import { asTransformersUses, tokenizerDocument, type TokenizerDocument } from './tokenizer-document.ts';
import { givesTokenTypeIds, readTokenizerSettings, type TokenizerSettings } from './tokenizer-settings.ts';
import { wordPieceDocument } from './word-piece.ts';

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

/** Above this, model_max_length is transformers' stand-in for "no limit" (1e30). */
const NO_LIMIT = 1e12;

/**
 * The tokenizer of a checkpoint folder: tokenizer.json or, without it, what transformers builds from vocab.txt
 * (WordPiece) or from vocab.json and merges.txt (byte-level BPE). Throws `tokenizer/…` and `files/unreadable`.
 */
export async function loadTokenizer(folder: string): Promise<TextTokenizer> {
  const dir = resolve(folder);
  const settings = await readTokenizerSettings(dir);
  const source = await readDocument(dir, settings);
  let native: Tokenizer;
  try {
    native = Tokenizer.fromString(JSON.stringify(source.document));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fault('tokenizer/unreadable', { file: source.file, reason }, error);
  }
  const limit = settings.model_max_length ?? Infinity;
  return new NativeTextTokenizer(native, {
    dir,
    files: await existingFiles(dir),
    padToken: settings.pad_token,
    modelMaxLength: limit > NO_LIMIT ? null : limit,
    hasTokenTypeIds: givesTokenTypeIds(settings),
    paddingSide: settings.padding_side,
    truncationSide: settings.truncation_side,
  });
}

/** tokenizer.json of a folder that has only vocabulary files, for programs that read nothing else. */
export async function tokenizerJson(folder: string): Promise<string> {
  const dir = resolve(folder);
  const { document } = await readDocument(dir, await readTokenizerSettings(dir));
  return JSON.stringify(document);
}

async function readDocument(
  dir: string,
  settings: TokenizerSettings,
): Promise<{ file: string; document: TokenizerDocument }> {
  const whole = join(dir, 'tokenizer.json');
  const document = await readJsonFile(whole, tokenizerDocument);
  if (document !== null) return { file: whole, document: asTransformersUses(document, settings) };

  const wordPieces = join(dir, 'vocab.txt');
  const vocabText = await readTextFile(wordPieces);
  if (vocabText !== null) {
    return { file: wordPieces, document: wordPieceDocument(vocabText, wordPieces, settings) };
  }

  const vocabFile = join(dir, 'vocab.json');
  const mergesFile = join(dir, 'merges.txt');
  const vocab = await readJsonFile(vocabFile, z.record(z.string(), z.number().int().nonnegative()));
  const merges = await readTextFile(mergesFile);
  if (vocab !== null && merges !== null) {
    // A class that nobody names is RoBERTa's here, and its tokenizer gives no token types.
    settings.tokenizer_class ??= 'roberta';
    const files = { vocab, vocabFile, merges, mergesFile };
    return { file: mergesFile, document: byteLevelBpeDocument(files, settings) };
  }
  throw fault('tokenizer/missing', { dir });
}

async function existingFiles(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of TOKENIZER_FILES) {
    const file = join(dir, name);
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      found.push(file);
  }
  return found;
}
