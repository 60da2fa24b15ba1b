import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { TokenLengths } from '../../../../shared/contract/datasets.ts';
import { writeFileAtomic } from '../../../engine/formats/atomic.ts';
import { loadTokenizer } from '../../../engine/tokenizer/load-tokenizer.ts';
import type { TextInput, TextTokenizer } from '../../../engine/tokenizer/text-tokenizer.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import { lengthsBytes, readLengths } from './lengths-file.ts';

export interface LengthsInput {
  /** The version file; the lengths are kept beside it. */
  file: string;
  modelFolder: string;
  /** Null: the model's own limit. */
  maxLength: number | null;
}

export type LengthFigures = Omit<TokenLengths, 'modelId' | 'modelName'>;

const BINS = 40;
/** For a tokenizer that names no limit. */
const USUAL_LIMIT = 512;

/**
 * How long the texts of a version are in a model's tokens, special ones included. Counted once for a tokenizer, then read.
 * Throws `tokenizer/…`, `datasets/file-…` and `files/…`.
 */
export async function lengthsTask(
  { file, modelFolder, maxLength }: LengthsInput,
  tell: Tell,
): Promise<{ lengthsFile: string; figures: LengthFigures }> {
  const tokenizer = await loadTokenizer(modelFolder);
  const lengthsFile = `${file.replace(/\.db$/, '')}.lengths-${await keyOf(tokenizer)}`;
  if (!existsSync(lengthsFile)) {
    await writeFileAtomic(lengthsFile, lengthsBytes(await countTokens(file, tokenizer, tell)));
  }
  const limit = maxLength ?? tokenizer.modelMaxLength ?? USUAL_LIMIT;
  return { lengthsFile, figures: lengthFigures(readLengths(lengthsFile), limit) };
}

/** Of all that a tokenizer is made of. */
async function keyOf({ files }: TextTokenizer): Promise<string> {
  // Raised when the same files come to give other tokens.
  const hash = createHash('sha256').update('2');
  for (const file of files)
    hash
      .update(basename(file))
      .update('\0')
      .update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

function countTokens(file: string, tokenizer: TextTokenizer, tell: Tell): Promise<Uint32Array> {
  return versionWork(file, async (version) => {
    function* inputs(): Generator<TextInput> {
      for (const [text, pair] of version.texts()) yield pair === null ? { text } : { text, textPair: pair };
    }
    const lengths = new Uint32Array(version.rows);
    tell('Counting tokens', 0, version.rows);
    await tokenizer.count(inputs(), (counted, done) => {
      lengths.set(counted, done - counted.length);
      tell('Counting tokens', done, version.rows);
    });
    return lengths;
  });
}

/** The bins reach a little beyond nearly all rows; the last one holds what is longer. */
export function lengthFigures(lengths: Uint32Array, maxLength: number): LengthFigures {
  const sorted = lengths.slice().sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const longest = sorted.at(-1) ?? 0;
  const shown = Math.min(longest, Math.max(Math.ceil(at(0.99) * 1.25), Math.ceil(maxLength * 1.1)));
  const binWidth = Math.max(1, Math.ceil((shown + 1) / BINS));
  const bins = new Array<number>(Math.floor(shown / binWidth) + 1).fill(0);
  for (const length of lengths) bins[Math.min(bins.length - 1, Math.floor(length / binWidth))]!++;
  const cutRows = lengths.reduce((sum, length) => sum + Number(length > maxLength), 0);
  return {
    maxLength,
    binWidth,
    bins,
    median: at(0.5),
    p95: at(0.95),
    longest,
    cutRows,
    cutShare: lengths.length === 0 ? 0 : cutRows / lengths.length,
  };
}
