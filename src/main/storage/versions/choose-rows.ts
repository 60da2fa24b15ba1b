import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { column, value } from '../query.ts';
import { matchOf, searchOf, type Search, type Words } from './search-words.ts';
import type { VersionFile } from './version-file.ts';

export interface RowChoice {
  query: string;
  label: string | null;
  split: string | null;
  order: 'row' | 'longest' | 'shortest';
  offset: number;
  limit: number;
}

/** What leaves rows of a version: a query that gives their numbers in its column `row`, ascending. */
interface Condition {
  sql: string;
  values: unknown[];
  /** Counting costs much less than listing. */
  countable: boolean;
}

/**
 * The numbers of one page of rows, and how many fit in all. Several conditions give all their rows each, from an index,
 * and are put together here: SQLite would look up every row of a common word one by one.
 * Throws `datasets/unknown-label` and `datasets/unknown-split`.
 */
export function chooseRows(
  version: VersionFile,
  choice: RowChoice,
  /** Rows of a finding, in their order; null: none was asked for. */
  finding: Uint32Array | null,
): { total: number; rows: number[] } {
  const { offset, limit } = choice;
  const conditions = conditionsOf(version, choice);
  const byLength = choice.order === 'row' ? null : version.byLength(choice.order);
  if (!byLength && !finding && conditions.length <= 1) return onePage(version, conditions[0], offset, limit);
  const sets = conditions.map(({ sql, values }) => version.numbers(sql, values));
  if (finding && byLength) sets.push(finding);
  const order = byLength ?? finding ?? sets.pop()!;
  const fitting = sets.length === 0 ? order : inAll(order, sets, version.rows);
  return { total: fitting.length, rows: Array.from(fitting.slice(offset, offset + limit)) };
}

/** All rows, or those of one condition, in their order. */
function onePage(
  version: VersionFile,
  condition: Condition | undefined,
  offset: number,
  limit: number,
): { total: number; rows: number[] } {
  if (!condition) {
    const total = version.rows;
    const length = Math.max(0, Math.min(limit, total - offset));
    return { total, rows: Array.from({ length }, (_, i) => offset + i + 1) };
  }
  const { sql, values, countable } = condition;
  if (!countable) {
    const all = version.numbers(sql, values);
    return { total: all.length, rows: Array.from(all.subarray(offset, offset + limit)) };
  }
  const page = `SELECT row FROM (${sql}) ORDER BY row LIMIT ? OFFSET ?`;
  return {
    total: value(version.db, z.number(), `SELECT count(*) FROM (${sql})`, ...values),
    rows: column(version.db, z.number(), page, ...values, limit, offset),
  };
}

/** Those of `rows` that are in every set, in their order. */
function inAll(rows: Uint32Array, sets: readonly Uint32Array[], last: number): number[] {
  const found = new Uint8Array(last + 1);
  for (const set of sets) for (const row of set) found[row]!++;
  const fitting: number[] = [];
  for (const row of rows) if (found[row] === sets.length) fitting.push(row);
  return fitting;
}

function conditionsOf(version: VersionFile, { query, label, split }: RowChoice): Condition[] {
  const conditions: Condition[] = [];
  const search = searchOf(query);
  if (search) conditions.push(containing(search.kind === 'words' ? settled(version, search) : search));
  const { labels, splits } = version;
  if (label !== null && !labels.includes(label)) throw fault('datasets/unknown-label', { label, labels });
  if (split !== null && !splits.includes(split)) throw fault('datasets/unknown-split', { split, splits });
  const placed = (column: string, names: readonly string[], name: string | null): Condition[] => {
    const sql = `SELECT row FROM rows WHERE ${column} = ?`;
    return name === null ? [] : [{ sql, values: [names.indexOf(name)], countable: true }];
  };
  return [...conditions, ...placed('label', labels, label), ...placed('split', splits, split)];
}

function containing(search: Search): Condition {
  if (search.kind === 'words') {
    const sql = 'SELECT rowid AS row FROM rows_fts WHERE rows_fts MATCH ?';
    return { sql, values: [matchOf(search)], countable: !search.unfinished };
  }
  const sql = `SELECT row FROM rows WHERE text LIKE ? ESCAPE '\\' OR text_pair LIKE ? ESCAPE '\\'`;
  return { sql, values: [search.like, search.like], countable: false };
}

/** Every row whose texts have what a person typed. */
export function rowsWith(version: VersionFile, search: Search): Uint32Array {
  const { sql, values } = containing(search);
  return version.numbers(sql, values);
}

/** A last word that so many rows have is meant as it is: all that begins like it would take long to gather. */
const COMMON_ROWS = 20_000;

function settled({ db }: VersionFile, search: Words): Words {
  if (!search.unfinished) return search;
  const last = matchOf({ kind: 'words', words: search.words.slice(-1), unfinished: false });
  const found = value(db, z.number(), 'SELECT count(*) FROM rows_fts WHERE rows_fts MATCH ?', last);
  return { ...search, unfinished: found < COMMON_ROWS };
}
