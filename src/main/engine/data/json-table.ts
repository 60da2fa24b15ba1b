import { basename } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { columnsOfRows, jsonLinesTable, jsonRow } from './lines-tables.ts';
import type { Table, TableOptions, TableRow } from './table-types.ts';
import { openText, readText, textTable } from './text-source.ts';

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
