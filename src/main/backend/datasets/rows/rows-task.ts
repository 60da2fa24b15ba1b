import { z } from 'zod';
import type { DatasetRow, FindingCode } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { lengthsOfRows, longerRows, readLengths } from '../report/lengths-file.ts';
import { damageOf } from '../version/open.ts';
import { attachFindings, connectionTo, forget, type OpenVersion } from './connections.ts';
import { matchOf, searchOf, type Words } from './search-words.ts';

export interface RowsInput {
  file: string;
  /** Its file of findings; null: no report was made. */
  findings: string | null;
  /** Its file of token lengths, and where texts are cut. */
  lengths: { file: string; maxLength: number } | null;
  query: string;
  label: string | null;
  split: string | null;
  finding: FindingCode | null;
  order: 'row' | 'longest' | 'shortest';
  offset: number;
  limit: number;
}

const rowColumns = z.object({
  row: z.number(),
  text: z.string(),
  textPair: z.string().nullable(),
  label: z.number().nullable(),
  split: z.number().nullable(),
  extra: z.string().nullable(),
});
const extraSchema = z.record(z.string(), z.string());

/** One page of rows. Throws `datasets/unknown-label`, `datasets/unknown-split` and `datasets/file-…`. */
export function rowsTask(input: RowsInput): { total: number; items: DatasetRow[] } {
  const version = connectionTo(input.file);
  try {
    const { total, places } = choose(version, input);
    return { total, items: readRows(version, places, input.lengths?.file ?? null) };
  } catch (error) {
    const known = damageOf(input.file, error);
    if (known !== error) forget(input.file);
    throw known;
  }
}

/** A query's parts: where the rows come from, which of them, in what order. */
interface Choice {
  from: string;
  where: string[];
  order: string;
  values: unknown[];
  /** Counting costs as much as listing: done once, the list is cut to the page. */
  whole: boolean;
}

function choose(version: OpenVersion, input: RowsInput): { total: number; places: number[] } {
  const { from, where, order, values, whole } = choiceOf(version, input);
  const condition = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`;
  if (whole) {
    const all = version.db
      .prepare<unknown[], number>(`SELECT r.row FROM ${from} ORDER BY r.row`)
      .pluck()
      .all(values);
    return { total: all.length, places: all.slice(input.offset, input.offset + input.limit) };
  }
  const total = count.parse(
    version.db.prepare(`SELECT count(*) FROM ${from}${condition}`).pluck().get(values),
  );
  // Rows are numbered without gaps: nothing has to be skipped one by one.
  const contiguous = from === 'rows r' && where.length === 0 && input.order === 'row';
  const paged = contiguous
    ? `WHERE r.row > ? ORDER BY r.row LIMIT ?`
    : `${condition} ORDER BY ${order} LIMIT ? OFFSET ?`;
  const page = contiguous ? [input.offset, input.limit] : [...values, input.limit, input.offset];
  const places = version.db.prepare(`SELECT r.row FROM ${from} ${paged}`).pluck().all(page);
  return { total, places: rowNumbers.parse(places) };
}

const count = z.number();
const rowNumbers = z.array(z.number());
const orders = { row: 'r.row', longest: 'r.characters DESC, r.row', shortest: 'r.characters, r.row' };

function choiceOf(version: OpenVersion, input: RowsInput): Choice {
  const choice: Choice = { from: 'rows r', where: [], order: orders[input.order], values: [], whole: false };
  const search = searchOf(input.query);
  const words = search?.kind === 'words' ? settled(version, search) : null;
  if (input.finding !== null) {
    fromFinding(choice, version, input, input.finding);
    if (words) {
      choice.where.push('r.row IN (SELECT rowid FROM rows_fts WHERE rows_fts MATCH ?)');
      choice.values.push(matchOf(words));
    }
  } else if (words) {
    const needsRows = input.label !== null || input.split !== null || input.order !== 'row';
    choice.from = needsRows
      ? 'rows_fts CROSS JOIN rows r ON r.row = rows_fts.rowid'
      : '(SELECT rowid AS row FROM rows_fts WHERE rows_fts MATCH ?) r';
    if (needsRows) choice.where.push('rows_fts MATCH ?');
    choice.whole = !needsRows && words.unfinished;
    choice.values.push(matchOf(words));
  }
  if (search?.kind === 'part') {
    choice.where.push(`(r.text LIKE ? ESCAPE '\\' OR r.text_pair LIKE ? ESCAPE '\\')`);
    choice.values.push(search.like, search.like);
  }
  if (input.label !== null) {
    const place = version.labels.indexOf(input.label);
    if (place === -1) throw fault('datasets/unknown-label', { label: input.label, labels: version.labels });
    choice.where.push('r.label = ?');
    choice.values.push(place);
  }
  if (input.split !== null) {
    const place = version.splits.indexOf(input.split);
    if (place === -1) throw fault('datasets/unknown-split', { split: input.split, splits: version.splits });
    choice.where.push('r.split = ?');
    choice.values.push(place);
  }
  return choice;
}

/** A last word that so many rows have is meant as it is: all that begins like it would take long to gather. */
const COMMON_ROWS = 20_000;

function settled({ db }: OpenVersion, search: Words): Words {
  if (!search.unfinished) return search;
  const last = matchOf({ kind: 'words', words: search.words.slice(-1), unfinished: false });
  const found = db.prepare('SELECT count(*) FROM rows_fts WHERE rows_fts MATCH ?').pluck().get(last);
  return { ...search, unfinished: count.parse(found) < COMMON_ROWS };
}

/** Rows of a finding, those that belong together next to each other. */
function fromFinding(choice: Choice, version: OpenVersion, input: RowsInput, finding: FindingCode): void {
  if (finding === 'truncation') {
    const rows =
      input.lengths === null ? [] : longerRows(readLengths(input.lengths.file), input.lengths.maxLength);
    choice.from = 'json_each(?) p CROSS JOIN rows r ON r.row = p.value';
    choice.values.push(JSON.stringify(rows));
  } else if (input.findings === null) {
    choice.where.push('0');
  } else {
    attachFindings(version, input.findings);
    choice.from = 'findings.finding_rows p CROSS JOIN rows r ON r.row = p.row';
    choice.where.push('p.code = ?');
    choice.values.push(finding);
    if (input.order === 'row') choice.order = 'p.place';
  }
}

function readRows(version: OpenVersion, places: readonly number[], lengths: string | null): DatasetRow[] {
  const read = version.db.prepare(
    'SELECT row, text, text_pair AS textPair, label, split, extra FROM rows WHERE row = ?',
  );
  const tokens = lengths === null ? null : lengthsOfRows(lengths, places);
  return places.map((place, i) => {
    const { row, text, textPair, label, split, extra } = rowColumns.parse(read.get(place));
    return {
      row,
      text,
      textPair,
      label: label === null ? '' : (version.labels[label] ?? ''),
      split: split === null ? null : (version.splits[split] ?? null),
      tokens: tokens?.[i] ?? null,
      extra: extra === null ? {} : extraSchema.parse(JSON.parse(extra)),
    };
  });
}
