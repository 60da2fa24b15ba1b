import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { DatasetRow } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { fileTexts, type TextSource } from '../../experiments/run-texts.ts';
import { rowsWith } from '../../../storage/versions/choose-rows.ts';
import { searchOf } from '../../../storage/versions/search-words.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';

/** Rows by their numbers, in the order asked for. Throws `datasets/…`, `compare/file-missing`, `data/…`. */
export async function readTexts(source: TextSource, rows: readonly number[]): Promise<DatasetRow[]> {
  if (source.kind === 'file') return fileRows(source, rows);
  return versionWork(source.file, (version) => version.read(rows));
}

/** Those of `rows` whose texts have the words that a person typed; null: nothing was typed. Throws as `readTexts`. */
export async function searchTexts(
  source: TextSource,
  query: string,
  rows: Int32Array,
): Promise<Set<number> | null> {
  const search = searchOf(query);
  if (!search) return null;
  if (source.kind === 'file') {
    const wanted = query.trim().toLowerCase();
    const texts = await fileRows(source, [...rows]);
    const has = ({ text, textPair }: DatasetRow) =>
      `${text}\n${textPair ?? ''}`.toLowerCase().includes(wanted);
    return new Set(texts.filter(has).map(({ row }) => row));
  }
  return versionWork(source.file, (version) => new Set(rowsWith(version, search)));
}

/** Rows of a data file, in the order asked for. */
async function fileRows(
  source: Extract<TextSource, { kind: 'file' }>,
  numbers: readonly number[],
): Promise<DatasetRow[]> {
  const { file } = source;
  if (!existsSync(file)) throw fault('compare/file-missing', { file });
  const { found, rows } = await fileTexts(source, numbers);
  return numbers.map((row) => {
    const text = found.get(row);
    if (!text) throw fault('compare/file-changed', { file: basename(file), rows, row });
    return text;
  });
}
