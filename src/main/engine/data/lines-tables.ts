import { basename } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { isFields } from '../../../shared/fields.ts';
import { MOST_COLUMNS } from './header.ts';
import type { Table, TableOptions, TableRow } from './table-types.ts';
import { openText, readText, splitLines, textTable, type TextSource } from './text-source.ts';

/** So many rows of a JSON Lines file are read to learn its columns. */
const COLUMN_ROWS = 100;
/** Beyond this what writes JSON again would run out of stack. */
const MOST_DEPTH = 100;

/** A .txt file: fastText's format, else a text a line, blank ones included, in column `text`. Throws as `openText`. */
export async function openPlainText(file: string, options: TableOptions): Promise<Table> {
  const source = await openText(file, options);
  if (isFastText(source)) return openFastText(source);
  async function* rows(): AsyncGenerator<TableRow> {
    for await (const { line, text } of splitLines(readText(source), basename(file))) {
      yield { row: line, line, values: { text } };
    }
  }
  return textTable(source, { format: 'txt', columns: ['text'], header: false, rows });
}

const LABELS = /^((?:__label__\S+[ \t,]*)+)(.*)$/s;
const LOOKED_AT_LINES = 50;

/** Whether a text is in fastText's format: every line begins with `__label__` and a name. */
function isFastText({ sample, sampleIsComplete }: TextSource): boolean {
  const lines = sample.split(/\r?\n/, LOOKED_AT_LINES + 1);
  if (!sampleIsComplete || lines.length > LOOKED_AT_LINES) lines.pop();
  const filled = lines.filter((line) => line.trim() !== '');
  return filled.length > 0 && filled.every((line) => LABELS.test(line));
}

/**
 * Lines of `__label__NAME text`, with a space or a tab between: columns `label` and `text`. A line with several labels
 * has a list of them. `rows()` throws `data/fasttext` for a line without one.
 */
function openFastText(source: TextSource): Table {
  const file = basename(source.file);
  async function* rows(): AsyncGenerator<TableRow> {
    let row = 0;
    for await (const { line, text } of splitLines(readText(source), file)) {
      if (text.trim() === '') continue;
      const [, labels, rest] = LABELS.exec(text) ?? [];
      if (labels === undefined) throw fault('data/fasttext', { file, row: row + 1, line });
      const names = labels
        .trim()
        .split(/[ \t,]*__label__/)
        .slice(1)
        .map((name) => name.replace(/[ \t,]+$/, ''));
      const label = names.length === 1 ? names[0] : names;
      yield { row: ++row, line, values: { label, text: rest!.trim() } };
    }
  }
  return textTable(source, { format: 'fasttext', columns: ['label', 'text'], rows });
}

/** A JSON Lines file: an object a line. Throws `data/empty`, `data/json-line` and what `openText` throws. */
export async function openJsonLines(file: string, options: TableOptions): Promise<Table> {
  return jsonLinesTable(await openText(file, options));
}

/** JSON Lines under any name. Throws `data/empty`, `data/json-line`. */
async function jsonLinesTable(source: TextSource): Promise<Table> {
  const rows = () => readJsonLines(source);
  return textTable(source, { format: 'jsonl', columns: await columnsOfRows(rows(), source.file), rows });
}

/** The keys of the first rows. Throws `data/empty`. */
async function columnsOfRows(rows: AsyncIterable<TableRow>, file: string): Promise<string[]> {
  const columns = new Set<string>();
  let row = 0;
  for await (const { row: at, values } of rows) {
    for (const column of Object.keys(values)) columns.add(column);
    row = at;
    if (row === COLUMN_ROWS) break;
  }
  if (row === 0) throw fault('data/empty', { file });
  return [...columns];
}

async function* readJsonLines(source: TextSource): AsyncGenerator<TableRow> {
  const file = basename(source.file);
  let row = 0;
  for await (const { line, text } of splitLines(readText(source), file)) {
    if (text.trim() === '') continue;
    row++;
    yield { row, line, values: jsonRow(text, { file, line }) };
  }
}

/** A row that is written as a JSON object. Throws `data/json-line` and `data/many-columns`. */
export function jsonRow(
  text: string,
  { file, line }: { file: string; line: number },
): Record<string, unknown> {
  const refused = (reason: string, cause?: unknown) => fault('data/json-line', { file, line, reason }, cause);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(jsonReason(text, error), error);
  }
  if (!isFields(value))
    throw refused(Array.isArray(value) ? 'it is a list' : 'it holds another kind of value');
  const keys = Object.keys(value).length;
  if (keys > MOST_COLUMNS)
    throw fault('data/many-columns', { file, line, columns: keys, most: MOST_COLUMNS });
  if (isDeeper(value, MOST_DEPTH)) throw refused(`its values are nested over ${MOST_DEPTH} levels deep`);
  return value;
}

/** Why a line is no JSON value, without what the parser says of its own line 1. */
function jsonReason(text: string, error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  if (/^\s*[[{]\s*$/.test(text)) return 'one value stands on many lines; such a file is named .json';
  if (said.startsWith('Unexpected end') || said.startsWith('Unterminated')) {
    return `it ends after ${text.length.toLocaleString('en-US')} characters, before the object is complete`;
  }
  return said.replace(/ \(line 1 column \d+\)/, '').replace(/\.$/, '');
}

/** Whether a value nests objects or lists in more than so many levels. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

const MAX_ROW_CHARACTERS = 2 ** 26;

/**
 * A .json file: a list of objects, an object with such a list under one of its keys (`{"data": […]}`), or JSON Lines
 * under the wrong ending. Read one row at a time. Throws `data/empty`, `data/json-rows` and what `openText` throws;
 * `rows()` throws `data/json-line`, `data/line-too-long` too.
 */
export async function openJson(file: string, options: TableOptions): Promise<Table> {
  const source = await openText(file, options);
  if (isJsonLines(source.sample)) return jsonLinesTable(source);
  const rows = () => readRows(readText(source), basename(file));
  return textTable(source, { format: 'json', columns: await columnsOfRows(rows(), file), rows });
}

/** More than one line, and the first is an object by itself. */
function isJsonLines(sample: string): boolean {
  const [first = '', ...others] = sample.trimStart().split('\n', 2);
  if (!first.startsWith('{') || others.length === 0 || others[0]!.trim() === '') return false;
  try {
    JSON.parse(first);
    return true;
  } catch {
    return false;
  }
}

async function* readRows(chunks: AsyncIterable<string>, file: string): AsyncGenerator<TableRow> {
  let row = 0;
  for await (const { text, line } of listElements(chunks, file)) {
    yield { row: ++row, line, values: jsonRow(text, { file, line }) };
  }
}

/**
 * The elements of a file's list as text, with the line on which each begins: of the list that is the file, else of the
 * first list among the values of the object that is the file. Holds one element at a time.
 */
async function* listElements(
  chunks: AsyncIterable<string>,
  file: string,
): AsyncGenerator<{ text: string; line: number }> {
  // The depth at which the list's elements stand; null until the list begins.
  let listDepth: number | null = null;
  let [depth, line, startLine] = [0, 1, 1];
  let [inText, escaped, ended] = [false, false, false];
  let afterColon = false;
  let parts: string[] = [];
  let [collecting, waiting, elements] = [false, 0, 0];
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const c = chunk[at]!;
      if (c === '\n') line++;
      if (inText) {
        if (escaped) escaped = false;
        else if (c === '\\') escaped = true;
        else if (c === '"') inText = false;
        continue;
      }
      if (c === ' ' || c === '\n' || c === '\r' || c === '\t') continue;
      if (ended) continue;
      // Of the lists inside an object the rows are the first one of objects.
      if (listDepth === 2 && depth === 2 && elements === 0 && !collecting && c !== '{') listDepth = null;
      const isElement = listDepth !== null && depth === listDepth && c !== ',' && c !== ']';
      if (isElement && !collecting) {
        collecting = true;
        elements++;
        start = at;
        startLine = line;
      }
      if (collecting && depth === listDepth && (c === ',' || c === ']')) {
        yield { text: parts.join('') + chunk.slice(start, at), line: startLine };
        parts = [];
        waiting = 0;
        collecting = false;
      }
      if (c === '"') inText = true;
      else if (c === '{' || c === '[') {
        depth++;
        if (listDepth === null && c === '[' && (depth === 1 || (depth === 2 && afterColon)))
          listDepth = depth;
      } else if (c === '}' || c === ']') {
        if (listDepth !== null && depth === listDepth) ended = true;
        depth--;
      } else if (listDepth === null && depth === 0) throw fault('data/json-rows', { file });
      afterColon = c === ':';
    }
    if (!collecting) continue;
    parts.push(chunk.slice(start));
    waiting += chunk.length - start;
    if (waiting > MAX_ROW_CHARACTERS) {
      throw fault('data/line-too-long', { file, line: startLine, megabytes: MAX_ROW_CHARACTERS / 2 ** 20 });
    }
  }
  if (listDepth === null) throw fault('data/json-rows', { file });
  if (!ended) throw fault('data/json-line', { file, line, reason: 'the list is not closed' });
}
