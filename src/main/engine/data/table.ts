import { stat } from 'node:fs/promises';
import { extname, basename } from 'node:path';
import { openClassFolder } from './class-folder.ts';
import { describedClassNames } from './class-names.ts';
import { openDelimited } from './delimited.ts';
import { openJson } from './lines-tables.ts';
import { openJsonLines, openPlainText } from './lines-tables.ts';
import { openParquet } from './parquet.ts';
import type { Table, TableOptions } from './table-types.ts';
import { openXlsx } from './xlsx.ts';
import { fault } from '../../../shared/faults/index.ts';
import { fileSize, readStart } from './text-source.ts';

export type { RowOrigin, Table, TableOptions, TableRow } from './table-types.ts';

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

/** What first bytes say, whatever the name. */
const SIGNATURES: [bytes: string, kind: string, remedy: string][] = [
  ['1f8b', 'compressed by gzip', 'Unpack it, and choose the file inside.'],
  ['28b52ffd', 'compressed by zstd', 'Unpack it, and choose the file inside.'],
  ['425a68', 'compressed by bzip2', 'Unpack it, and choose the file inside.'],
  ['d0cf11e0', 'an old Excel or Word file', 'Open it, and save the table as .xlsx or .csv.'],
  ['25504446', 'a PDF', 'Export the texts as .csv or .jsonl.'],
  ['4152524f5731', 'an Arrow file', 'Write it as .parquet (Dataset.to_parquet).'],
  ['50415231', 'a Parquet file', 'Give it a name that ends in .parquet.'],
  ['504b0304', 'a ZIP archive (or a document made of one)', 'Unpack it, or save its table as .xlsx or .csv.'],
];
const TAGGED: [kind: string, remedy: string] = [
  'a file of words with a tag each (CoNLL), for token classification',
  'This version learns classes of whole texts: choose a file with a text and a class a row.',
];
const TAGGED_ENDING = /\.(conllu?|iob2?|bio)$/i;
const START_BYTES = 4096;

/**
 * The fault for a file whose name says no format that is read: it says what the file is, as far as its name and its
 * first bytes tell. Throws what `fileSize` throws.
 */
async function unknownFormat(file: string): Promise<Error> {
  await fileSize(file);
  const start = await readStart(file, START_BYTES);
  const name = basename(file);
  const hex = start.toString('hex', 0, 8);
  const signed = SIGNATURES.find(([bytes]) => hex.startsWith(bytes));
  const found = signed?.slice(1) ?? (TAGGED_ENDING.test(name) ? TAGGED : looksLike(start));
  const [kind, remedy] = found ?? [];
  return fault('data/format', { file: name, ...(kind && remedy && { kind, remedy }) });
}

/** A text whose name does not say what it is. */
function looksLike(start: Buffer): [kind: string, remedy: string] | null {
  const text = start.toString('utf8').replace(/^\ufeff/, '');
  if (text.includes('\0') || text.trim() === '') return null;
  const rename = (extension: string): string => `If so, give it a name that ends in ${extension}.`;
  const [first = '', second = ''] = text.split('\n');
  if (/^\s*\[/.test(text)) return ['a JSON list, by its beginning', rename('.json')];
  if (/^\{.*\}\s*$/.test(first)) return ['JSON Lines, by its beginning', rename('.jsonl')];
  if (/^\s*</.test(text)) return ['HTML or XML', 'Export the texts as .csv or .jsonl.'];
  if (/^\S+([ \t]\S+)*[ \t](O|[BI]-\S+)\s*$/m.test(first) || /^-DOCSTART-/.test(text)) return TAGGED;
  for (const [delimiter, extension] of [
    ['\t', '.tsv'],
    [',', '.csv'],
    [';', '.csv'],
  ] as const) {
    const [a, b] = [first, second].map((line) => line.split(delimiter).length);
    if (a! > 1 && a === b) return ['a table, by its beginning', rename(extension)];
  }
  return null;
}
