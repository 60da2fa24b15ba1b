import { z } from 'zod';
import type { FindingCode } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { longerRows, readLengths } from '../report/lengths-file.ts';
import { attachFindings, type OpenVersion } from './connections.ts';
import { matchOf, searchOf, type Words } from './search-words.ts';

export interface RowChoice {
  /** The version's file of findings; null: no report was made. */
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

type RowNumbers = Iterable<number> & { readonly length: number };

/**
 * The numbers of one page of rows, and how many fit in all. Each condition gives all its rows from an index; they are
 * put together here, because SQLite would look up every row of a common word one by one.
 * Throws `datasets/unknown-label` and `datasets/unknown-split`.
 */
export function chooseRows(version: OpenVersion, choice: RowChoice): { total: number; places: number[] } {
  const { offset, limit } = choice;
  const sets = conditionsOf(version, choice);
  const byLength = choice.order === 'row' ? null : version.byLength();
  const finding = choice.finding === null ? null : rowsOfFinding(version, choice, choice.finding);
  if (finding && byLength) sets.push(finding);
  const order = byLength ?? finding ?? sets.pop() ?? null;
  if (order === null) {
    const total = version.rows;
    const length = Math.max(0, Math.min(limit, total - offset));
    return { total, places: Array.from({ length }, (_, i) => offset + i + 1) };
  }
  const rows = choice.order === 'longest' ? [...order].reverse() : order;
  const fitting = sets.length === 0 ? [...rows] : inAll(rows, sets, version.rows);
  return { total: fitting.length, places: fitting.slice(offset, offset + limit) };
}

/** Those of `rows` that are in every set, in their order. */
function inAll(rows: RowNumbers, sets: readonly RowNumbers[], last: number): number[] {
  const found = new Uint8Array(last + 1);
  for (const set of sets) for (const row of set) found[row]!++;
  const fitting: number[] = [];
  for (const row of rows) if (found[row] === sets.length) fitting.push(row);
  return fitting;
}

/** What each condition leaves, ascending. */
function conditionsOf(version: OpenVersion, { query, label, split }: RowChoice): RowNumbers[] {
  const sets: RowNumbers[] = [];
  const search = searchOf(query);
  if (search?.kind === 'words') {
    const match = matchOf(settled(version, search));
    sets.push(version.numbers('SELECT rowid AS row FROM rows_fts WHERE rows_fts MATCH ?', [match]));
  } else if (search?.kind === 'part') {
    const part = `SELECT row FROM rows WHERE text LIKE ? ESCAPE '\\' OR text_pair LIKE ? ESCAPE '\\'`;
    sets.push(version.numbers(part, [search.like, search.like]));
  }
  if (label !== null) {
    const place = version.labels.indexOf(label);
    if (place === -1) throw fault('datasets/unknown-label', { label, labels: version.labels });
    sets.push(version.numbers('SELECT row FROM rows WHERE label = ?', [place]));
  }
  if (split !== null) {
    const place = version.splits.indexOf(split);
    if (place === -1) throw fault('datasets/unknown-split', { split, splits: version.splits });
    sets.push(version.numbers('SELECT row FROM rows WHERE split = ?', [place]));
  }
  return sets;
}

/** A last word that so many rows have is meant as it is: all that begins like it would take long to gather. */
const COMMON_ROWS = 20_000;
const count = z.number();

function settled({ db }: OpenVersion, search: Words): Words {
  if (!search.unfinished) return search;
  const last = matchOf({ kind: 'words', words: search.words.slice(-1), unfinished: false });
  const found = db.prepare('SELECT count(*) FROM rows_fts WHERE rows_fts MATCH ?').pluck().get(last);
  return { ...search, unfinished: count.parse(found) < COMMON_ROWS };
}

/** Those that belong together next to each other. */
function rowsOfFinding(
  version: OpenVersion,
  { lengths, findings }: RowChoice,
  finding: FindingCode,
): RowNumbers {
  if (finding === 'truncation')
    return lengths === null ? [] : longerRows(readLengths(lengths.file), lengths.maxLength);
  if (findings === null) return [];
  attachFindings(version, findings);
  return version.numbers('SELECT row FROM findings.finding_rows WHERE code = ? ORDER BY place', [finding]);
}
