import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { fault } from '../../../shared/faults/index.ts';
import type { Example } from '../../engine/data/examples.ts';
import { givenTokens } from '../../engine/data/given-tokens.ts';
import type { TableRow } from '../../engine/data/table.ts';
import { given } from '../../../shared/given.ts';

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

/** The items of `source` in arrays of `size`, the last one shorter; holds one array at a time. */
export async function* chunks<Item>(source: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let chunk: Item[] = [];
  for await (const item of source) {
    chunk.push(item);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

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
  let row = 0;
  let jsonLines: boolean | null = null;
  for await (const line of readLines(stdin, signal)) {
    row += 1;
    jsonLines ??= isJsonObject(line);
    yield {
      row,
      values: jsonLines ? jsonRow(line, { file: 'stdin', line: row }) : { [textColumn]: line },
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

/**
 * The lines of a UTF-8 stream without their ends. Only \n and \r\n end a line: node:readline also splits at
 * U+2028, which JSON Lines may hold. Ends early, without an error, when `signal` aborts.
 */
async function* readLines(stream: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let rest = '';
  let line = 1;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      const parts = (rest + decode(decoder, chunk, line)).split('\n');
      rest = parts.pop()!;
      for (const part of parts) {
        line += 1;
        yield part.replace(/\r$/, '');
      }
    }
    rest += decode(decoder, undefined, line);
  } catch (error) {
    if (!signal.aborted) throw error;
    return;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Uint8Array | undefined,
  line: number,
): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch (error) {
    throw fault('cli/stdin-encoding', { line }, error);
  }
}
