import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { fault } from '../../../shared/faults/index.ts';
import type { Example } from '../../engine/data/examples.ts';
import { givenTokens } from '../../engine/data/given-tokens.ts';
import type { TableRow } from '../../engine/data/table.ts';
import { given } from '../../../shared/fields.ts';

/** A row to work on: a text, perhaps with a second one, or token ids made elsewhere. */
export type InputRow = Omit<Example, 'label'>;

export interface InputOptions {
  /** A file, or `-` for stdin. */
  input: string;
  textColumn: string;
  /** Absent: `text_pair`, where there is such a column. */
  textPairColumn?: string | undefined;
  encoding?: string | undefined;
}

interface Surroundings {
  signal: AbortSignal;
  say: (message: string) => void;
  stdin?: Readable;
}

/** Rows in memory at once; a predictor sorts them by length and forms its batches inside. */
export const rowsAtOnce = 1024;

/**
 * The rows of a table file or of stdin, in order, one at a time. Stdin holds JSON Lines when its first line is a
 * JSON object, else a text a line. Throws `data/…`, `files/…`, `cli/no-text`, `data/input-ids`, each with its row.
 */
export async function* readInput(
  options: InputOptions,
  { signal, say, stdin = process.stdin }: Surroundings,
): AsyncGenerator<InputRow> {
  const isStdin = options.input === '-';
  const file = isStdin ? 'stdin' : basename(options.input);
  const rows = isStdin ? stdinRows(options.textColumn, stdin, signal) : fileRows(options, say);
  for await (const row of rows) {
    if (signal.aborted) return;
    yield toInputRow(row, file, options);
  }
}

async function* fileRows(
  { input, encoding }: InputOptions,
  say: (message: string) => void,
): AsyncGenerator<TableRow> {
  const { openTable } = await import('../../engine/data/table.ts');
  const table = await openTable(input, given({ encoding }));
  for (const note of table.notes) say(note);
  yield* table.rows();
}

async function* stdinRows(
  textColumn: string,
  stdin: Readable,
  signal: AbortSignal,
): AsyncGenerator<TableRow> {
  const { jsonRow } = await import('../../engine/data/lines-tables.ts');
  const { splitLines } = await import('../../engine/data/text-source.ts');
  let jsonLines: boolean | null = null;
  for await (const { line: row, text } of splitLines(decoded(stdin, signal), 'stdin')) {
    jsonLines ??= isJsonObject(text);
    yield {
      row,
      values: jsonLines ? jsonRow(text, { file: 'stdin', line: row }) : { [textColumn]: text },
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

/** A UTF-8 stream as text. Ends early, without an error, when `signal` aborts. */
async function* decoded(stream: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let line = 1;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw fault('cli/stdin-encoding', { line }, error);
    }
  };
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      const text = decode(chunk);
      yield text;
      line += text.split('\n').length - 1;
    }
    yield decode();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
