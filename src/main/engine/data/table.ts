import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { describedClassNames } from './class-names.ts';
import { openClassFolder } from './class-folder.ts';
import { openDelimited } from './delimited.ts';
import type { Dialect } from './dialect.ts';
import { openJson } from './json-table.ts';
import { openJsonLines, openPlainText } from './lines-tables.ts';
import { openParquet } from './parquet.ts';
import { unknownFormat } from './unknown-format.ts';
import { openXlsx } from './xlsx.ts';

/** Where a row stands, for messages. */
export interface RowOrigin {
  /** The file's name. */
  file: string;
  /** From 1, the header and blank lines not counted. */
  row: number;
  /** The line of the file on which the row begins, from 1; formats without lines have none. */
  line?: number;
}

/** One row of a table as its file has it. */
export interface TableRow extends Omit<RowOrigin, 'file'> {
  /** By column name. Text formats give strings; JSON Lines and Parquet give what they hold. */
  values: Record<string, unknown>;
}

/** A row with too few or too many fields. */
export interface RaggedRow {
  row: number;
  line: number;
  fields: number;
}

export interface Table {
  /** As it was given to `openTable`. */
  file: string;
  format: 'csv' | 'tsv' | 'jsonl' | 'json' | 'txt' | 'fasttext' | 'xlsx' | 'parquet' | 'folder';
  /** For JSON Lines: the keys of the first hundred rows. */
  columns: string[];
  /** Whether the file itself names its columns. */
  header: boolean;
  /** A name of the WHATWG Encoding Standard; Parquet's strings are always utf-8. */
  encoding: string;
  delimiter?: string;
  dialect?: Dialect;
  /** What was detected and is worth knowing: an encoding, a separator, how quotes are taken. */
  notes: string[];
  /** Rows in all, where the file says so: Parquet. */
  count?: number;
  /** By column: the names of its class numbers, where the file has them (Parquet written by `datasets`) or a hub data set's description beside it. */
  classNames?: Record<string, string[]>;
  /** Rows of the reading that ended last whose number of fields is another one; with `raggedRows: 'leave_out'` only. */
  ragged?: readonly RaggedRow[];
  /** Reads the file from its beginning, with bounded memory. Each call reads anew. Throws `data/…`, `files/…`. */
  rows(): AsyncIterable<TableRow>;
}

export interface TableOptions {
  /** One character; without it `.csv` is looked at and `.tsv` has tabs. */
  delimiter?: string;
  /** Without it the encoding is detected. */
  encoding?: string;
  /** What becomes of a file whose encoding cannot be told. Default `refuse`. */
  doubtfulEncoding?: 'refuse' | 'note';
  /** The columns of a .csv or .tsv file that has no header. */
  columnNames?: readonly string[];
  /** Whether the first line of a .csv or .tsv file names the columns; 'detect' looks. Default true. */
  header?: boolean | 'detect';
  /** Names that the person uses: a first line that has them all is the header, whatever it looks like. */
  columnsNamed?: readonly string[];
  /** What becomes of rows with too few or too many fields. Default `refuse`. */
  raggedRows?: 'refuse' | 'leave_out';
}

/**
 * A data file, by its extension: .csv, .tsv, .jsonl or .ndjson, .json, .xlsx, .txt (fastText's lines, or a text a line
 * in column `text`), .parquet; or a folder with one folder of text files a class. Reads only what it takes to know
 * columns and encoding. Throws `data/…` and `files/…`.
 */
export async function openTable(file: string, options: TableOptions = {}): Promise<Table> {
  if (await isFolder(file)) return openClassFolder(file, options);
  const table = await openFile(file, options);
  const classNames = { ...(await describedClassNames(file)), ...table.classNames };
  return Object.keys(classNames).length === 0 ? table : Object.assign(table, { classNames });
}

function openFile(file: string, options: TableOptions): Promise<Table> {
  switch (extname(file).toLowerCase()) {
    case '.csv':
      return openDelimited(file, 'csv', options);
    case '.tsv':
      return openDelimited(file, 'tsv', options);
    case '.jsonl':
    case '.ndjson':
      return openJsonLines(file, options);
    case '.txt':
      return openPlainText(file, options);
    case '.json':
      return openJson(file, options);
    case '.xlsx':
      return openXlsx(file, options);
    case '.parquet':
      return openParquet(file);
    default:
      return unknownFormat(file).then((error) => Promise.reject(error));
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
