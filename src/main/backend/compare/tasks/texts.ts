import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import type { DatasetRow } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { connectionTo, forget } from '../../datasets/rows/connections.ts';
import { matchOf, searchOf } from '../../datasets/rows/search-words.ts';
import { damageOf } from '../../datasets/version/open.ts';

/** Where the rows of runs are: a data set version, or the file that a run from the command line was evaluated on. */
export type TextSource =
  | { kind: 'version'; file: string }
  | { kind: 'file'; file: string; textColumn: string; textPairColumn: string | null };

const versionRow = z.object({
  row: z.number(),
  text: z.string(),
  textPair: z.string().nullable(),
  label: z.number().nullable(),
  split: z.number().nullable(),
  extra: z.string().nullable(),
});
const extraSchema = z.record(z.string(), z.string());

/** Rows by their numbers, in the order asked for. Throws `datasets/…`, `compare/file-missing`, `data/…`. */
export async function readTexts(source: TextSource, rows: readonly number[]): Promise<DatasetRow[]> {
  if (source.kind === 'file') return fileRows(source, rows);
  return versionWork(source.file, ({ db, labels, splits }) => {
    const read = db.prepare(
      'SELECT row, text, text_pair AS textPair, label, split, extra FROM rows WHERE row = ?',
    );
    return rows.map((place) => {
      const { label, split, extra, ...row } = versionRow.parse(read.get(place));
      return {
        ...row,
        label: label === null ? '' : (labels[label] ?? ''),
        split: split === null ? null : (splits[split] ?? null),
        tokens: null,
        extra: extra === null ? {} : extraSchema.parse(JSON.parse(extra)),
      };
    });
  });
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
  return versionWork(source.file, ({ db }) => {
    const find = (sql: string) => db.prepare<unknown[], number>(sql).pluck();
    return new Set(
      search.kind === 'words'
        ? find('SELECT rowid FROM rows_fts WHERE rows_fts MATCH ?').all(matchOf(search))
        : find(`SELECT row FROM rows WHERE text LIKE ?1 ESCAPE '\\' OR text_pair LIKE ?1 ESCAPE '\\'`).all(
            search.like,
          ),
    );
  });
}

/** Does something with the open file of a version. Throws `datasets/file-…`. */
export function versionWork<Result>(
  file: string,
  work: (version: ReturnType<typeof connectionTo>) => Result,
): Result {
  try {
    return work(connectionTo(file));
  } catch (error) {
    const known = damageOf(file, error);
    if (known !== error) forget(file);
    throw known;
  }
}

/** Rows from 1 of a data file as the engine reads it. */
async function fileRows(
  { file, textColumn, textPairColumn }: Extract<TextSource, { kind: 'file' }>,
  rows: readonly number[],
): Promise<DatasetRow[]> {
  if (!existsSync(file)) throw fault('compare/file-missing', { file });
  // The readers of all formats are loaded for runs from the command line only.
  const { readChosenExamples } = await import('../../../engine/data/examples.ts');
  const options = { textColumn, ...(textPairColumn === null ? {} : { textPairColumn }) };
  let found = 0;
  const { examples } = await readChosenExamples(file, options, (count) => {
    found = count;
    return Int32Array.from(rows.filter((row) => row <= count).map((row) => row - 1));
  });
  if (examples.length < rows.length) {
    const highest = rows.reduce((most, row) => Math.max(most, row), 0);
    throw fault('compare/file-changed', { file: basename(file), rows: found, row: highest });
  }
  return examples.map(({ row, text, textPair }) => ({
    row,
    text,
    textPair: textPair ?? null,
    label: '',
    split: null,
    tokens: null,
    extra: {},
  }));
}
