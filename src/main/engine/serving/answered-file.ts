import path from 'node:path';
import { chunks } from '../data/chunks.ts';
import { cellOf, requireColumn, toText } from '../data/examples.ts';
import { openTable, type TableRow } from '../data/table.ts';
import { given } from '../../../shared/fields.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';
import type { Answerer } from './answerer.ts';
import type { OutputRow } from './output-table.ts';
import { tableBytes, type TableFormat } from './table-bytes.ts';

export interface FileQuestion {
  input: string;
  textColumn: string;
  /** The second text of a pair. */
  textPairColumn: string | null;
  encoding?: string | undefined;
  format: TableFormat;
}

/** Rows answered at once; the answerer forms its batches inside. */
const ROWS_AT_ONCE = 1024;

/**
 * Answers every row of a table file and gives the bytes of another: the columns of the input, then those of
 * the answers as the model's task names them. Holds a few rows at a time. `onRows` is told how many are done.
 * Throws `data/…`, `files/…`, `playground/…`.
 */
export async function* answeredFile(
  answerer: Pick<Answerer, 'task' | 'labels' | 'logits'>,
  question: FileQuestion,
  onRows: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  const { input, textColumn, textPairColumn, encoding, format } = question;
  const table = await openTable(input, given({ encoding }));
  requireColumn(table, textColumn);
  if (textPairColumn !== null) requireColumn(table, textPairColumn);
  const { task, labels } = answerer;
  const names = freeNames(table.columns, task.cellNames(labels));
  const columns = [...table.columns, ...names];
  const source = path.basename(input);

  /** One batch ahead: the next is read and tokenised, by another process, while this one is computed. */
  async function* answered(): AsyncGenerator<{ batch: TableRow[]; logits: Float32Array }> {
    let before: { batch: TableRow[]; logits: Promise<Float32Array> } | undefined;
    for await (const batch of chunks(table.rows(), ROWS_AT_ONCE)) {
      const logits = answerer.logits(batch.map((row) => textOf(row, question, source)));
      // A failure of this one is met when its turn comes.
      logits.catch(() => undefined);
      if (before) yield { batch: before.batch, logits: await before.logits };
      before = { batch, logits };
    }
    if (before) yield { batch: before.batch, logits: await before.logits };
  }

  async function* rows(): AsyncGenerator<OutputRow[]> {
    let done = 0;
    for await (const { batch, logits } of answered()) {
      const answers = task.answers(logits, labels);
      yield batch.map(({ row, values }, i) => {
        const cells = task.cells(answers[i]!).map(shown);
        const answered = Object.fromEntries(names.map((name, at) => [name, cells[at]!]));
        return { row, values: { ...values, ...answered } };
      });
      done += batch.length;
      onRows(done);
    }
  }
  yield* tableBytes(format, { source, columns, rows: rows() });
}

/** What a float32 holds, without digits that say nothing. */
const shown = (cell: string | number): string | number =>
  typeof cell === 'number' ? Number(cell.toPrecision(7)) : cell;

function textOf(row: TableRow, { textColumn, textPairColumn }: FileQuestion, file: string): TextInput {
  const read = (column: string): string => toText(row.values[column], cellOf(file, row, column));
  const text = read(textColumn);
  return textPairColumn === null ? { text } : { text, textPair: read(textPairColumn) };
}

/** Names for the answers' columns; one that the file has itself is kept, and ours is `predicted_…`. */
export function freeNames(known: readonly string[], wanted: readonly string[]): string[] {
  const taken = new Set(known);
  return wanted.map((name) => {
    let free = taken.has(name) ? `predicted_${name}` : name;
    for (let number = 2; taken.has(free); number++) free = `predicted_${name}_${number}`;
    taken.add(free);
    return free;
  });
}
