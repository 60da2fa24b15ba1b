import type { Dialect } from './table-types.ts';
import { countLineEnds } from './text-source.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
const SAMPLE_RECORDS = 2000;
/** For quotes, of which one in a thousand rows decides. */
const QUOTE_RECORDS = 100_000;
/** A record of more fields is no row of a table; commas alone would make an object each. */
const SAMPLE_FIELDS = 200_000;
/** Fewer lines than this with as many delimiters as a row has may be a text. */
const SWALLOWED_LINES = 3;
/** From this share of unbalanced quoted fields on, quotes are those of the texts. */
const UNBALANCED_SHARE = 0.1;

interface SampleField {
  quoted: boolean;
  /** The field holds a delimiter, a quote or a line end, so a writer had to quote it. */
  needsQuotes: boolean;
}

interface SampleScan {
  records: SampleField[][];
  /** A quoted field is followed by something else than a delimiter or a line end, or never ends. */
  malformed: boolean;
  quotedFields: number;
  /** Of these, those that are malformed or swallow rows. */
  unbalanced: number;
  /** Of the first one, the row (the first record is 0) and the line. */
  first: { row: number; line: number } | null;
  /** The last field never ends. */
  open: boolean;
}

/**
 * The separator of a .csv file: of , ; tab | the one that gives most records as many fields as the first record, which
 * must have two or more. Where none does, the one that gives nearly all records after the first ones as many: a title
 * stands above the table. A comma else: the file has one column.
 */
export function sniffDelimiter(sample: string, isComplete: boolean): string {
  let best: { delimiter: string; share: number } = { delimiter: ',', share: 0 };
  const scans = DELIMITERS.map((delimiter) => ({
    delimiter,
    records: scanSample(sample, { delimiter, quote: '"', escape: '"' }, isComplete).records,
  }));
  for (const { delimiter, records } of scans) {
    const fields = records[0]?.length ?? 0;
    if (fields < 2) continue;
    const share = records.filter((record) => record.length === fields).length / records.length;
    if (share > best.share) best = { delimiter, share };
  }
  if (best.share > 0) return best.delimiter;
  for (const { delimiter, records: all } of scans) {
    const records = all.slice(1);
    const counts = new Map<number, number>();
    for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1);
    for (const [fields, rows] of counts) {
      const share = rows / records.length;
      if (fields > 1 && rows > 1 && share > Math.max(0.5, best.share)) best = { delimiter, share };
    }
  }
  return best.delimiter;
}

/**
 * Whether a tab-separated file encloses fields in double quotes. It does when each field that begins with a quote is
 * well quoted, and either all of these needed it or they fill whole columns; else quotes are part of the text.
 */
export function usesQuotes(sample: string, isComplete: boolean): boolean {
  const { records, malformed, unbalanced } = scanSample(
    sample,
    { delimiter: '\t', quote: '"', escape: '"' },
    isComplete,
  );
  if (malformed || unbalanced > 0) return false;
  const quoted = records.flat().filter((field) => field.quoted);
  if (quoted.length === 0) return false;
  if (quoted.every((field) => field.needsQuotes)) return true;
  const columns = new Set(
    records.flatMap((r) => r.flatMap((field, column) => (field.quoted ? [column] : []))),
  );
  const rows = records.length > 1 ? records.slice(1) : records;
  return rows.every((row) => [...columns].every((column) => row[column]?.quoted));
}

/** How a .csv file takes quotes, and where these do not balance. */
export function sniffQuotes(
  sample: string,
  isComplete: boolean,
  delimiter: string,
): Pick<Dialect, 'quote' | 'escape'> & { unbalanced: { row: number; line: number } | null } {
  const standard = { quote: '"', escape: '"' } as const;
  if (!sample.includes('"')) return { ...standard, unbalanced: null };
  const scan = (dialect: Pick<Dialect, 'quote' | 'escape'>) =>
    scanSample(sample, { delimiter, ...dialect }, isComplete, QUOTE_RECORDS);
  const found = scan(standard);
  // A quote that never ends is named when the file is read.
  if (found.unbalanced === (found.open ? 1 : 0)) return { ...standard, unbalanced: null };
  const escaped = { quote: '"', escape: '\\' } as const;
  if (sample.includes('\\"') && scan(escaped).unbalanced === 0) return { ...escaped, unbalanced: null };
  const none = { quote: null, escape: '"' } as const;
  const plain = scan(none).records;
  const fields = plain[0]?.length ?? 0;
  const fits = fields > 1 && plain.every((record) => record.length === fields || record.length === 0);
  const often = found.unbalanced >= UNBALANCED_SHARE * found.quotedFields;
  return { ...(fits && often ? none : standard), unbalanced: found.first };
}

/** Whether a quoted field of many lines holds what looks like rows of so many columns. */
export function swallowsRows(field: string, delimiter: string, columns: number): boolean {
  if (columns < 2) return false;
  const lines = field
    .split('\n')
    .slice(1, -1)
    .filter((line) => line.trim() !== '');
  const alike = lines.filter((line) => {
    const [, ...behind] = line.split(delimiter);
    // Behind each comma of a sentence there is a space.
    return behind.length === columns - 1 && behind.some((field) => !field.startsWith(' '));
  }).length;
  return lines.length >= SWALLOWED_LINES && alike >= 0.8 * lines.length;
}

/** Splits the beginning of a file into fields; without the last record when the sample cuts it. */
function scanSample(
  text: string,
  { delimiter, quote, escape }: Dialect,
  isComplete: boolean,
  most = SAMPLE_RECORDS,
): SampleScan {
  const scan: SampleScan = {
    records: [],
    malformed: false,
    quotedFields: 0,
    unbalanced: 0,
    first: null,
    open: false,
  };
  let record: SampleField[] = [];
  let line = 1;
  let at = 0;
  let fields = 0;
  const fieldEnd = new RegExp(`[${delimiter === '|' ? '\\|' : delimiter}\\n]`, 'g');
  const note = (): void => {
    scan.unbalanced++;
    scan.first ??= { row: scan.records.length, line };
  };
  while (
    at < text.length &&
    scan.records.length < most &&
    fields++ < SAMPLE_FIELDS * (most / SAMPLE_RECORDS)
  ) {
    const field = { quoted: quote !== null && text[at] === quote, needsQuotes: false };
    let end = at;
    if (field.quoted) {
      scan.quotedFields++;
      const close = closingQuote(text, at, escape);
      if (close === -1) {
        if (isComplete) note();
        return { ...scan, malformed: scan.malformed || isComplete, open: isComplete };
      }
      const inside = text.slice(at + 1, close);
      field.needsQuotes = /["\t\r\n]/.test(inside) || inside.includes(delimiter);
      end = close + 1;
      const next = text[end];
      const isEnd = next === undefined || next === delimiter || next === '\n' || next === '\r';
      if (!isEnd) scan.malformed = true;
      const columns = scan.records[0]?.length ?? 0;
      if (!isEnd || (inside.includes('\n') && swallowsRows(inside, delimiter, columns))) note();
      line += countLineEnds(inside);
    }
    fieldEnd.lastIndex = end;
    const found = fieldEnd.exec(text);
    if (found === null && !isComplete) break;
    record.push(field);
    at = found === null ? text.length : found.index + 1;
    if (found?.[0] === delimiter) continue;
    line++;
    // A blank line is no record.
    if (record.length > 1 || record[0]!.quoted || (found?.index ?? text.length) > end)
      scan.records.push(record);
    record = [];
  }
  return scan;
}

/** The place of the quote that closes the one at `open`, or -1. */
function closingQuote(text: string, open: number, escape: '"' | '\\'): number {
  for (let at = text.indexOf('"', open + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    if (escape === '\\' && isEscaped(text, at, open)) continue;
    if (text[at + 1] !== '"') return at;
    at++;
  }
  return -1;
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, at: number, open: number): boolean {
  let start = at;
  while (start - 1 > open && text[start - 1] === '\\') start--;
  return (at - start) % 2 === 1;
}
