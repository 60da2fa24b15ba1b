/** How a delimited file is written. */
export interface Dialect {
  delimiter: string;
  /** Whether double quotes enclose fields; otherwise they are characters like others. */
  quotes: boolean;
}

const DELIMITERS = [',', ';', '\t', '|'] as const;
const SAMPLE_RECORDS = 2000;
/** A record of more fields is no row of a table; commas alone would make an object each. */
const SAMPLE_FIELDS = 200_000;

interface SampleField {
  quoted: boolean;
  /** The field holds a delimiter, a quote or a line end, so a writer had to quote it. */
  needsQuotes: boolean;
}

interface SampleScan {
  records: SampleField[][];
  /** A quoted field is followed by something else than a delimiter or a line end, or never ends. */
  malformed: boolean;
}

/**
 * The separator of a .csv file: of , ; tab | the one that gives most records as many fields as the first record, which
 * must have two or more. Where none does, the one that gives nearly all records after the first ones as many: a title
 * stands above the table. A comma else: the file has one column.
 */
export function sniffDelimiter(sample: string, isWhole: boolean): string {
  let best: { delimiter: string; share: number } = { delimiter: ',', share: 0 };
  for (const delimiter of DELIMITERS) {
    const { records } = scanSample(sample, delimiter, isWhole);
    const fields = records[0]?.length ?? 0;
    if (fields < 2) continue;
    const share = records.filter((record) => record.length === fields).length / records.length;
    if (share > best.share) best = { delimiter, share };
  }
  if (best.share > 0) return best.delimiter;
  for (const delimiter of DELIMITERS) {
    const records = scanSample(sample, delimiter, isWhole).records.slice(1);
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
export function usesQuotes(sample: string, isWhole: boolean): boolean {
  const { records, malformed } = scanSample(sample, '\t', isWhole);
  if (malformed) return false;
  const quoted = records.flat().filter((field) => field.quoted);
  if (quoted.length === 0) return false;
  if (quoted.every((field) => field.needsQuotes)) return true;
  const columns = new Set(
    records.flatMap((r) => r.flatMap((field, column) => (field.quoted ? [column] : []))),
  );
  const rows = records.length > 1 ? records.slice(1) : records;
  return rows.every((row) => [...columns].every((column) => row[column]?.quoted));
}

/** Splits the beginning of a file as quoted text; without the last record when the sample cuts it. */
function scanSample(text: string, delimiter: string, isWhole: boolean): SampleScan {
  const records: SampleField[][] = [];
  let record: SampleField[] = [];
  let malformed = false;
  let at = 0;
  const fieldEnd = new RegExp(`[${delimiter === '|' ? '\\|' : delimiter}\\n]`, 'g');
  let fields = 0;
  while (at < text.length && records.length < SAMPLE_RECORDS && fields++ < SAMPLE_FIELDS) {
    const field = { quoted: text[at] === '"', needsQuotes: false };
    let end = at;
    if (field.quoted) {
      const close = closingQuote(text, at);
      if (close === -1) return { records, malformed: malformed || isWhole };
      field.needsQuotes =
        /["\t\r\n]/.test(text.slice(at + 1, close)) || text.slice(at, close).includes(delimiter);
      end = close + 1;
      const next = text[end];
      if (next !== undefined && next !== delimiter && next !== '\n' && next !== '\r') malformed = true;
    }
    fieldEnd.lastIndex = end;
    const found = fieldEnd.exec(text);
    if (found === null && !isWhole) break;
    record.push(field);
    at = found === null ? text.length : found.index + 1;
    if (found?.[0] === delimiter) continue;
    records.push(record);
    record = [];
  }
  return { records, malformed };
}

/** The place of the quote that closes the one at `open`, or -1. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
