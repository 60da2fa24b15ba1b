import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { DatasetRow } from '../../../../shared/contract/datasets.ts';
import type { ExampleOptions } from '../../../engine/data/examples.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { rowsWith } from '../../../storage/versions/choose-rows.ts';
import { searchOf } from '../../../storage/versions/search-words.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';

/** Where the rows of runs are: a data set version, or the file that a run from the command line was evaluated on. */
export type TextSource =
  { kind: 'version'; file: string } | { kind: 'file'; file: string; options: ExampleOptions };

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

/** Rows from 1 of a data file as the engine reads it. */
async function fileRows(
  { file, options }: Extract<TextSource, { kind: 'file' }>,
  numbers: readonly number[],
): Promise<DatasetRow[]> {
  if (!existsSync(file)) throw fault('compare/file-missing', { file });
  // The readers of all formats are loaded for runs from the command line only.
  const { readNumberedExamples } = await import('../../../engine/data/examples.ts');
  const { examples, rows } = await readNumberedExamples(file, options, numbers);
  return numbers.map((row) => {
    const example = examples.get(row);
    if (example === undefined) throw fault('compare/file-changed', { file: basename(file), rows, row });
    const { text, textPair = null } = example;
    return { row, text, textPair, label: '', split: null, tokens: null, extra: {} };
  });
}
