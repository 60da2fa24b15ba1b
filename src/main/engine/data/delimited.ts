import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { sniffDelimiter, sniffQuotes, swallowsRows, usesQuotes } from './dialect.ts';
import { checkColumns, isColumnWord, MOST_COLUMNS, namedColumns, titleNotes } from './header.ts';
import type { Dialect, RaggedRow, Table, TableOptions, TableRow } from './table-types.ts';
import { countLineEnds, openText, readText, textTable, type TextSource } from './text-source.ts';

/** More than any text, and little enough that an unclosed quote in a file of gigabytes does no harm. */
const MAX_RECORD_BYTES = 2 ** 26;
/** So many records are looked at to tell a header from a row. */
const HEADER_RECORDS = 200;
/** Of notes on rows beyond the sample. */
const MOST_NOTES = 10;
const DELIMITER_NAMES: Record<string, string> = { ';': 'semicolons', '\t': 'tabs', '|': 'vertical bars' };

interface FileRecord {
  fields: string[];
  line: number;
}

/**
 * A .csv or .tsv file. Throws `data/empty`, `data/duplicate-column` and what `openText` throws; `rows()` throws
 * `data/row-fields`, `data/quote`, `data/csv` and what `readText` throws.
 */
export async function openDelimited(
  file: string,
  format: 'csv' | 'tsv',
  options: TableOptions,
): Promise<Table> {
  const source = await openText(file, options);
  const { notes, sample, sampleIsComplete } = source;
  const name = basename(file);
  const sniffed = format === 'tsv' ? '\t' : sniffDelimiter(sample, sampleIsComplete);
  const delimiter = options.delimiter ?? sniffed;
  const quoting =
    format === 'csv'
      ? sniffQuotes(sample, sampleIsComplete, delimiter)
      : ({
          quote: usesQuotes(sample, sampleIsComplete) ? '"' : null,
          escape: '"',
          unbalanced: null,
        } as const);
  if (format === 'csv' && options.delimiter === undefined && delimiter !== ',') {
    notes.push(`${name} is separated by ${DELIMITER_NAMES[delimiter]!}.`);
  }
  const { unbalanced, ...quotes } = quoting;
  const dialect = { delimiter, ...quotes };
  checkFirstLine(source, delimiter);
  const { above, header, columns } = await readColumns(source, dialect, options);
  notes.push(...titleNotes(file, above, 'line'));
  checkColumns(file, columns);
  if (sample.includes('"')) notes.push(...quoteNotes(name, dialect, unbalanced, above + (header ? 1 : 0)));
  const expectedBy = header ? 'header' : options.columnNames === undefined ? 'first-row' : 'names';
  const ragged: RaggedRow[] = [];
  const rows = () => {
    ragged.length = 0;
    return readRows(
      source,
      dialect,
      { columns, above, expectedBy },
      options.raggedRows === 'leave_out' ? ragged : null,
    );
  };
  return textTable(source, { format, columns, header, delimiter, dialect, ragged, rows });
}

const count = (n: number): string => n.toLocaleString('en-US');

const swallowNote = (file: string, row: number, line: number, lines: number): string =>
  `Row ${count(row)} (line ${count(line)}) of ${file} opens a double quote that closes ${count(lines)} lines later; ` +
  'the lines between look like rows.';

/** What a person should know of the quotes of a file that has some. */
function quoteNotes(
  name: string,
  { quote, escape }: Dialect,
  unbalanced: { row: number; line: number } | null,
  /** Records before the first row. */
  before: number,
): string[] {
  const where =
    unbalanced === null ? '' : `row ${count(unbalanced.row + 1 - before)} (line ${count(unbalanced.line)})`;
  if (quote === null) {
    const why = unbalanced === null ? '' : `: as quotes of fields they do not balance, first in ${where}`;
    return [`Double quotes in ${name} are taken as part of the text${why}.`];
  }
  if (escape === '\\') return [`Double quotes in the texts of ${name} are escaped by backslashes.`];
  if (unbalanced === null) return [];
  return [
    `The double quotes of ${name} do not balance in ${where}: rows may be read as part of a text. Double the quotes that belong to the text.`,
  ];
}

/** Throws `data/many-columns` for a first line of delimiters, of which the parser would make a text each. */
function checkFirstLine({ file, sample }: TextSource, delimiter: string): void {
  const end = sample.indexOf('\n');
  const line = end === -1 ? sample : sample.slice(0, end);
  if (line.includes('"')) return;
  let columns = 1;
  for (let at = line.indexOf(delimiter); at !== -1; at = line.indexOf(delimiter, at + 1)) columns++;
  if (columns > MOST_COLUMNS)
    throw fault('data/many-columns', { file: basename(file), line: 1, columns, most: MOST_COLUMNS });
}

/** The names of the columns, whether a line gives them, and how many lines stand above it. */
async function readColumns(
  source: TextSource,
  dialect: Dialect,
  options: TableOptions,
): Promise<{ above: number; header: boolean; columns: string[] }> {
  if (options.columnNames !== undefined) return { above: 0, ...namedColumns([], options) };
  const records: string[][] = [];
  try {
    for await (const { fields } of readRecords(source, dialect)) {
      records.push(fields);
      if (records.length === HEADER_RECORDS) break;
    }
  } catch (error) {
    // A row that cannot be read is named when the rows are: what comes before it can be shown.
    if (!(error instanceof Fault) || records.length === 0) throw error;
  }
  const above = linesAbove(records);
  records.splice(0, above);
  if (records.length === 0) throw fault('data/empty', { file: source.file });
  return { above, ...namedColumns(records, options) };
}

/** A title above a table is this many lines at most. */
const MOST_ABOVE = 20;
/** The share of records that must have as many fields as the first of the table. */
const TABLE_SHARE = 0.9;

/** How many records of a title stand above a table: of less than half of its fields, or of one that is not empty. */
function linesAbove(records: readonly (readonly string[])[]): number {
  const filled = (record: readonly string[]) => record.filter((field) => field.trim() !== '').length;
  const isTitle = (record: readonly string[], fields: number): boolean =>
    !record.some(isColumnWord) &&
    (record.length === fields ? fields > 2 && filled(record) <= 1 : record.length <= fields / 2);
  for (let above = 0; above <= Math.min(MOST_ABOVE, records.length - 2); above++) {
    const fields = records[above]!.length;
    const table = records.slice(above);
    const like = table.filter((record) => record.length === fields).length;
    if (fields < 2 || like < 2 || like / table.length < TABLE_SHARE) continue;
    if (isTitle(records[above]!, fields)) continue;
    return records.slice(0, above).every((record) => isTitle(record, fields)) ? above : 0;
  }
  return 0;
}

async function* readRows(
  source: TextSource,
  dialect: Dialect,
  {
    columns,
    above,
    expectedBy,
  }: { columns: readonly string[]; above: number; expectedBy: 'header' | 'names' | 'first-row' },
  /** Where rows with another number of fields go; null: the first one is a fault. */
  ragged: RaggedRow[] | null,
): AsyncGenerator<TableRow> {
  let row = (expectedBy === 'header' ? -1 : 0) - above;
  for await (const { fields, line } of readRecords(source, dialect)) {
    row++;
    if (row <= 0) continue;
    if (fields.length !== columns.length) {
      if (ragged !== null) {
        ragged.push({ row, line, fields: fields.length });
        continue;
      }
      const counts = { fields: fields.length, expected: columns.length, expectedBy };
      throw fault('data/row-fields', { file: basename(source.file), row, line, ...counts });
    }
    if (!source.sampleIsComplete && source.notes.length < MOST_NOTES) {
      const swallowing = fields.find(
        (field) => field.includes('\n') && swallowsRows(field, dialect.delimiter, columns.length),
      );
      const note = swallowing && swallowNote(basename(source.file), row, line, countLineEnds(swallowing));
      if (note && !source.notes.includes(note)) source.notes.push(note);
    }
    yield { row, line, values: Object.fromEntries(columns.map((column, i) => [column, fields[i]])) };
  }
}

/** The records of the file, the header among them, blank lines left out. */
async function* readRecords(source: TextSource, dialect: Dialect): AsyncGenerator<FileRecord> {
  const oldMac = !source.sample.includes('\n') && source.sample.includes('\r');
  const parser = parse({
    delimiter: dialect.delimiter,
    quote: dialect.quote,
    escape: dialect.quote === null ? null : dialect.escape,
    // A quote inside an unquoted field (5" screen) is a character, as other readers have it.
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: oldMac ? ['\r'] : ['\r\n', '\n'],
    max_record_size: MAX_RECORD_BYTES,
    info: true,
  });
  // The parser, which is iterated below, gets the error of a source that fails.
  pipeline(Readable.from(readText(source)), parser, () => undefined);
  let line = 1;
  let emptyLines = 0;
  let record = 0;
  try {
    for await (const { record: fields, info } of parser as AsyncIterable<ParsedRecord>) {
      line += info.empty_lines - emptyLines;
      emptyLines = info.empty_lines;
      record++;
      yield { fields, line };
      line += 1 + fields.reduce((ends, field) => ends + countLineEnds(field), 0);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The header is row 0: the record that failed is the one after those that were read.
    const origin = { file: basename(source.file), row: record, line };
    if (error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE') {
      throw fault('data/quote', origin, error);
    }
    throw fault('data/csv', { ...origin, reason: error.message }, error);
  }
}

interface ParsedRecord {
  record: string[];
  info: { empty_lines: number };
}
