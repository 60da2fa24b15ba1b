import { basename, posix } from 'node:path';
import { SaxesParser } from 'saxes';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { checkColumns, namedColumns, titleNotes } from './header.ts';
import type { Table, TableOptions, TableRow } from './table-types.ts';
import { fileSize } from './text-source.ts';

/** Unpacked; an honest sheet of a million rows has about half of that. */
const MOST_SHEET_BYTES = 2 ** 30;
/** Texts of the whole workbook are held in memory. */
const MOST_TEXT_BYTES = 2 ** 28;
const MOST_COLUMNS = 16_384;
const HEADER_ROWS = 200;

type Cell = string | number | boolean;
interface SheetRow {
  /** As the sheet counts, from 1. */
  line: number;
  /** By column, from 0; absent where nothing is. */
  cells: (Cell | undefined)[];
}

/**
 * The first sheet of an Excel workbook (.xlsx) that has rows, read as it is unpacked, one row at a time. Cells are
 * texts, numbers and truth values; of formulas the stored result, of dates Excel's day number. Throws `data/empty`,
 * `data/xlsx`, `data/no-rows`, `data/duplicate-column` and `files/…`; `rows()` throws `data/xlsx`.
 */
export async function openXlsx(file: string, options: TableOptions): Promise<Table> {
  if ((await fileSize(file)) === 0) throw fault('data/empty', { file });
  const book = await readBook(file);
  const first: SheetRow[] = [];
  for await (const row of sheetRows(file, book)) {
    first.push(row);
    if (first.length === HEADER_ROWS) break;
  }
  if (first.length === 0) throw fault('data/no-rows', { file });
  const above = titleRows(first);
  const texts = first.slice(above).map(({ cells }) => Array.from(cells, (cell) => String(cell ?? '')));
  const { header, columns: found } = namedColumns(texts, options);
  const columns = header ? found.map((name) => name.trim()) : found;
  checkColumns(file, columns);

  async function* rows(): AsyncGenerator<TableRow> {
    let [seen, row] = [0, 0];
    for await (const { line, cells } of sheetRows(file, book)) {
      if (seen++ < above + (header ? 1 : 0)) continue;
      yield {
        row: ++row,
        line,
        values: Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? ''])),
      };
    }
  }
  const notes = [
    ...(book.sheets > 1 ? [`Sheet "${book.name}" of ${basename(file)} is read, one of ${book.sheets}.`] : []),
    ...titleNotes(file, above, 'row'),
  ];
  return { file, format: 'xlsx', columns, header, encoding: 'utf-8', notes, rows };
}

/** How many rows of one cell stand above a table of more columns. */
function titleRows(rows: readonly SheetRow[]): number {
  const filled = ({ cells }: SheetRow) => cells.filter((cell) => cell !== undefined && cell !== '').length;
  const table = rows.findIndex((row) => filled(row) > 1);
  return table > 0 && rows.slice(table).every((row) => filled(row) > 1) ? table : 0;
}

interface Book {
  /** The sheet's entry in the archive, and its name. */
  sheet: string;
  name: string;
  sheets: number;
  texts: string[];
}

async function readBook(file: string): Promise<Book> {
  return inZip(file, async (zip) => {
    const entries = await entriesOf(zip);
    const sheets: { name: string; id: string }[] = [];
    await parseXml(zip, entry(entries, 'xl/workbook.xml'), MOST_TEXT_BYTES, {
      open: (name, at) => {
        if (name === 'sheet' && at['state'] !== 'hidden')
          sheets.push({ name: at['name'] ?? '', id: at['r:id'] ?? '' });
      },
    });
    const targets = new Map<string, string>();
    await parseXml(zip, entry(entries, 'xl/_rels/workbook.xml.rels'), MOST_TEXT_BYTES, {
      open: (name, at) => {
        if (name === 'Relationship') targets.set(at['Id'] ?? '', at['Target'] ?? '');
      },
    });
    const [sheet] = sheets;
    if (!sheet) throw new Error('it has no sheet');
    const target = targets.get(sheet.id) ?? '';
    const path = target.startsWith('/') ? target.slice(1) : posix.join('xl', target);
    entry(entries, path);
    const shared = entries.get('xl/sharedStrings.xml');
    const texts = shared ? await sharedTexts(zip, shared) : [];
    return { sheet: path, name: sheet.name, sheets: sheets.length, texts };
  });
}

/** Texts by number; ruby (`rPh`) is how a text is spoken, not a part of it. */
async function sharedTexts(zip: ZipFile, shared: Entry): Promise<string[]> {
  const texts: string[] = [];
  let [text, inText, spoken] = ['', false, false];
  await parseXml(zip, shared, MOST_TEXT_BYTES, {
    open: (name) => {
      if (name === 'si') text = '';
      inText = name === 't' && !spoken;
      if (name === 'rPh') spoken = true;
    },
    text: (part) => {
      if (inText) text += part;
    },
    close: (name) => {
      if (name === 't') inText = false;
      if (name === 'rPh') spoken = false;
      if (name === 'si') texts.push(text);
    },
  });
  return texts;
}

/** The rows of a sheet that hold something, as they are unpacked. */
async function* sheetRows(file: string, book: Book): AsyncGenerator<SheetRow> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { autoClose: false });
    const sheet = entry(await entriesOf(zip), book.sheet);
    checkSize(sheet, MOST_SHEET_BYTES);
    const found: SheetRow[] = [];
    const parser = xmlParser(rowListener(book.texts, (row) => found.push(row)));
    for await (const chunk of (await zip.openReadStreamPromise(sheet)).setEncoding('utf8')) {
      parser.write(chunk as string);
      yield* found.splice(0);
    }
    parser.close();
    yield* found.splice(0);
  } catch (error) {
    throw xlsxFault(file, error);
  } finally {
    zip?.close();
  }
}

function rowListener(texts: readonly string[], onRow: (row: SheetRow) => void): XmlListener {
  let row: SheetRow = { line: 0, cells: [] };
  let [column, type, value, inValue] = [0, 'n', '', false];
  return {
    open: (tag, at) => {
      if (tag === 'row') {
        row = { line: Number(at['r'] ?? row.line + 1), cells: [] };
        column = -1;
      } else if (tag === 'c') {
        column = columnOf(at['r']) ?? column + 1;
        type = at['t'] ?? 'n';
        value = '';
      } else if (tag === 'v' || tag === 't') inValue = true;
    },
    text: (part) => {
      if (inValue) value += part;
    },
    close: (tag) => {
      if (tag === 'v' || tag === 't') inValue = false;
      else if (tag === 'c' && value !== '') row.cells[column] = cellOf(type, value, texts);
      else if (tag === 'row' && row.cells.length > 0) onRow(row);
    },
  };
}

function cellOf(type: string, value: string, texts: readonly string[]): Cell {
  if (type === 's') {
    const text = texts[Number(value)];
    if (text === undefined) throw new Error(`it names a text ${value} that it does not have`);
    return text;
  }
  if (type === 'b') return value === '1';
  return type === 'n' && Number.isFinite(Number(value)) ? Number(value) : value;
}

/** "C7" is column 2. */
function columnOf(reference: string | undefined): number | undefined {
  const letters = /^([A-Z]{1,3})\d+$/.exec(reference ?? '')?.[1];
  if (letters === undefined) return undefined;
  const column = Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  if (column >= MOST_COLUMNS) throw new Error(`it has a cell in column ${letters}, beyond the last one`);
  return column;
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

interface XmlListener {
  open(name: string, attributes: Record<string, string>): void;
  text?(text: string): void;
  close?(name: string): void;
}

function xmlParser(listener: XmlListener): SaxesParser {
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => listener.open(localName(name), attributes));
  parser.on('text', (text) => listener.text?.(text));
  parser.on('closetag', ({ name }) => listener.close?.(localName(name)));
  return parser;
}

async function parseXml(zip: ZipFile, file: Entry, most: number, listener: XmlListener): Promise<void> {
  checkSize(file, most);
  const parser = xmlParser(listener);
  for await (const chunk of (await zip.openReadStreamPromise(file)).setEncoding('utf8')) {
    parser.write(chunk as string);
  }
  parser.close();
}

/** The archive states what a part unpacks to, and yauzl ends a part that unpacks to more. */
function checkSize({ uncompressedSize }: Entry, most: number): void {
  if (uncompressedSize > most) {
    throw new Error(
      `a part of it unpacks to ${Math.round(uncompressedSize / 2 ** 20)} MB, more than ${most / 2 ** 20}`,
    );
  }
}

const MOST_ENTRIES = 10_000;

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > MOST_ENTRIES) throw new Error(`it has ${zip.entryCount} parts`);
  const entries = new Map<string, Entry>();
  for await (const part of zip.eachEntry()) entries.set(part.fileName, part);
  return entries;
}

function entry(entries: ReadonlyMap<string, Entry>, name: string): Entry {
  const found = entries.get(name);
  if (!found) throw new Error(`it has no ${name}`);
  return found;
}

async function inZip<Result>(file: string, work: (zip: ZipFile) => Promise<Result>): Promise<Result> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { autoClose: false });
    return await work(zip);
  } catch (error) {
    throw xlsxFault(file, error);
  } finally {
    zip?.close();
  }
}

function xlsxFault(file: string, error: unknown): Error {
  if (error instanceof Fault) return error;
  const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
  return fault('data/xlsx', { file: basename(file), reason }, error);
}
