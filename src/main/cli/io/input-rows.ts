import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { fault } from '../../../shared/faults/index.ts';
import type { Example } from '../../engine/data/examples.ts';
import { givenTokens } from '../../engine/data/given-tokens.ts';
import type { TableRow } from '../../engine/data/table.ts';
import { readLines } from './stdin-lines.ts';

/** A row to work on: a text, perhaps with a second one, or token ids made elsewhere. */
export type InputRow = Omit<Example, 'label'>;

export interface InputOptions {
  /** A file, or `-` for stdin. */
  input: string;
  textColumn: string;
  /** Absent: `text_pair`, where there is such a column. */
  textPairColumn?: string | undefined;
  encoding?: string | undefined;
  signal: AbortSignal;
  say: (message: string) => void;
  stdin?: Readable;
}

/**
 * The rows of a table file or of stdin, in order, one at a time. Stdin holds JSON Lines when its first line is a
 * JSON object, else a text a line. Throws `data/…`, `files/…`, `cli/no-text`, `data/input-ids`, each with its row.
 */
export async function* readInput(options: InputOptions): AsyncGenerator<InputRow> {
  const file = options.input === '-' ? 'stdin' : basename(options.input);
  const rows = options.input === '-' ? stdinRows(options) : fileRows(options);
  for await (const row of rows) {
    if (options.signal.aborted) return;
    yield toInputRow(row, file, options);
  }
}

async function* fileRows(options: InputOptions): AsyncGenerator<TableRow> {
  const { openTable } = await import('../../engine/data/table.ts');
  const { encoding } = options;
  const table = await openTable(options.input, encoding === undefined ? {} : { encoding });
  for (const note of table.notes) options.say(note);
  yield* table.rows();
}

async function* stdinRows(options: InputOptions): AsyncGenerator<TableRow> {
  const { jsonRow } = await import('../../engine/data/lines-tables.ts');
  let row = 0;
  let jsonLines: boolean | null = null;
  for await (const line of readLines(options.stdin ?? process.stdin, options.signal)) {
    row += 1;
    jsonLines ??= isJsonObject(line);
    yield {
      row,
      values: jsonLines ? jsonRow(line, { file: 'stdin', line: row }) : { [options.textColumn]: line },
    };
  }
}

function isJsonObject(line: string): boolean {
  if (!/^\s*\{/.test(line)) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function toInputRow({ row, line, values }: TableRow, file: string, options: InputOptions): InputRow {
  const origin = { file, row, ...(line !== undefined && { line }) };
  const tokens = givenTokens(values, origin);
  if (tokens) return { ...origin, text: '', tokens };
  const columns = Object.keys(values);
  const text = toText(values[options.textColumn]);
  if (text === null) throw fault('cli/no-text', { ...origin, column: options.textColumn, columns });
  const pairColumn = options.textPairColumn ?? 'text_pair';
  const textPair = toText(values[pairColumn]);
  if (textPair !== null) return { ...origin, text, textPair };
  if (options.textPairColumn === undefined && values[pairColumn] == null) return { ...origin, text };
  throw fault('cli/no-text', { ...origin, column: pairColumn, columns });
}

/** Numbers are texts too (a column of codes); anything else is none. */
function toText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}
