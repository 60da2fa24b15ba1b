import type { Readable } from 'node:stream';
import { fault } from '../../../shared/faults/index.ts';
import { readLines } from './stdin-lines.ts';

/** A row to work on: a text, perhaps with a second one, or token ids made elsewhere. */
export interface InputRow {
  /** From 1. */
  row: number;
  text: string;
  textPair?: string;
  inputIds?: Int32Array;
  tokenTypeIds?: Int32Array;
}

export interface InputOptions {
  /** A file, or `-` for stdin. */
  input: string;
  textColumn: string;
  /** Absent: `text_pair`, where there is such a column. */
  textPairColumn?: string | undefined;
  signal: AbortSignal;
  say: (message: string) => void;
  stdin?: Readable;
}

type Values = Record<string, unknown>;

/**
 * The rows of a table file or of stdin, in order, one at a time. Stdin holds JSON Lines when its first line is a
 * JSON object, else a text a line. Throws `data/…`, `files/…`, `cli/no-text`, `cli/input-ids`, each with its row.
 */
export async function* readInput(options: InputOptions): AsyncGenerator<InputRow> {
  const source = options.input === '-' ? 'stdin' : options.input;
  const rows = options.input === '-' ? stdinRows(options) : fileRows(options);
  for await (const { row, values } of rows) {
    if (options.signal.aborted) return;
    yield toInputRow(row, values, source, options);
  }
}

async function* fileRows(options: InputOptions): AsyncGenerator<{ row: number; values: Values }> {
  const { openTable } = await import('../../engine/data/table.ts');
  const table = await openTable(options.input);
  for (const note of table.notes) options.say(note);
  yield* table.rows();
}

async function* stdinRows(options: InputOptions): AsyncGenerator<{ row: number; values: Values }> {
  let row = 0;
  let jsonLines: boolean | null = null;
  for await (const line of readLines(options.stdin ?? process.stdin, options.signal)) {
    row += 1;
    const object: unknown = jsonLines === false ? null : parseObject(line);
    jsonLines ??= isValues(object);
    if (!jsonLines) yield { row, values: { [options.textColumn]: line } };
    else if (isValues(object)) yield { row, values: object };
    else
      throw fault('cli/line-syntax', {
        line: row,
        reason: object instanceof SyntaxError ? object.message : line,
      });
  }
}

/** The value of a line of JSON, or the SyntaxError. */
function parseObject(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    return error;
  }
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

function toInputRow(row: number, values: Values, source: string, options: InputOptions): InputRow {
  const ids = values['input_ids'];
  if (ids != null) {
    const inputIds = toIds(ids, 'input_ids', row, source);
    if (inputIds.length === 0)
      throw fault('cli/input-ids', { source, row, column: 'input_ids', reason: 'is empty' });
    const types = values['token_type_ids'];
    if (types == null) return { row, text: '', inputIds };
    const tokenTypeIds = toIds(types, 'token_type_ids', row, source);
    if (tokenTypeIds.length !== inputIds.length) {
      const reason = `has ${tokenTypeIds.length} numbers, input_ids has ${inputIds.length}`;
      throw fault('cli/input-ids', { source, row, column: 'token_type_ids', reason });
    }
    return { row, text: '', inputIds, tokenTypeIds };
  }
  const text = toText(values[options.textColumn]);
  if (text === null) {
    throw fault('cli/no-text', { source, row, column: options.textColumn, columns: Object.keys(values) });
  }
  const pairColumn = options.textPairColumn ?? 'text_pair';
  const textPair = toText(values[pairColumn]);
  if (textPair !== null) return { row, text, textPair };
  if (options.textPairColumn === undefined && values[pairColumn] == null) return { row, text };
  throw fault('cli/no-text', { source, row, column: pairColumn, columns: Object.keys(values) });
}

/** Numbers are texts too (a column of codes); anything else is none. */
function toText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}

/** Lists as JSON and Parquet give them, or as a JSON text in a cell of a CSV file. */
function toIds(value: unknown, column: string, row: number, source: string): Int32Array {
  const list: unknown = typeof value === 'string' ? parseObject(value) : value;
  const numbers: unknown[] | null = Array.isArray(list) ? list.map((id: unknown) => Number(id)) : null;
  if (
    numbers === null ||
    !numbers.every((id) => Number.isInteger(id) && Number(id) >= 0 && Number(id) < 2 ** 31)
  ) {
    throw fault('cli/input-ids', {
      source,
      row,
      column,
      reason: 'is not a list of whole numbers, 0 or more',
    });
  }
  return Int32Array.from(numbers as number[]);
}
