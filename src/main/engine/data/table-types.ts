/** How a delimited file is written. */
export interface Dialect {
  delimiter: string;
  /** What encloses fields; null: double quotes are characters like others. */
  quote: '"' | null;
  /** What stands before a quote that belongs to the text. */
  escape: '"' | '\\';
}

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
