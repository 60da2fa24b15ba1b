import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { openClassFolder } from './class-folder.ts';
import { describedClassNames } from './class-names.ts';
import { openDelimited } from './delimited.ts';
import { openJson } from './json-table.ts';
import { openJsonLines, openPlainText } from './lines-tables.ts';
import { openParquet } from './parquet.ts';
import type { Table, TableOptions } from './table-types.ts';
import { unknownFormat } from './unknown-format.ts';
import { openXlsx } from './xlsx.ts';

export type { RaggedRow, RowOrigin, Table, TableOptions, TableRow } from './table-types.ts';

const readers: Readonly<Record<string, (file: string, options: TableOptions) => Promise<Table>>> = {
  '.csv': (file, options) => openDelimited(file, 'csv', options),
  '.tsv': (file, options) => openDelimited(file, 'tsv', options),
  '.jsonl': openJsonLines,
  '.ndjson': openJsonLines,
  '.txt': openPlainText,
  '.json': openJson,
  '.xlsx': openXlsx,
  '.parquet': (file) => openParquet(file),
};

/**
 * A data file, by its extension: .csv, .tsv, .jsonl or .ndjson, .json, .xlsx, .txt (fastText's lines, or a text a line
 * in column `text`), .parquet; or a folder with one folder of text files a class. Reads only what it takes to know
 * columns and encoding. Throws `data/…` and `files/…`.
 */
export async function openTable(file: string, options: TableOptions = {}): Promise<Table> {
  if ((await stat(file).catch(() => null))?.isDirectory()) return openClassFolder(file, options);
  const read = readers[extname(file).toLowerCase()];
  if (read === undefined) throw await unknownFormat(file);
  const table = await read(file, options);
  const classNames = { ...(await describedClassNames(file)), ...table.classNames };
  return Object.keys(classNames).length === 0 ? table : Object.assign(table, { classNames });
}
