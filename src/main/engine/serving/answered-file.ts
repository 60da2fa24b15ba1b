import path from 'node:path';
import { requireColumn, toText, type CellOrigin } from '../data/examples.ts';
import { openTable, type Table, type TableRow } from '../data/table.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';
import type { Answerer } from './answerer.ts';
import { textAnswers } from './answers.ts';
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
 * Answers every row of a table file and gives the bytes of another: the columns of the input, then `label`, `score` and
 * `probability_…` of each label. Holds a few rows at a time. `onRows` is told how many are done.
 * Throws `data/…`, `files/…`, `playground/…`.
 */
export async function* answeredFile(
  answerer: Pick<Answerer, 'labels' | 'logits'>,
  question: FileQuestion,
  onRows: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  const { input, textColumn, textPairColumn, encoding, format } = question;
  const table = await openTable(input, encoding === undefined ? {} : { encoding });
  requireColumn(table, textColumn);
  if (textPairColumn !== null) requireColumn(table, textPairColumn);
  const names = answerColumns(table.columns, answerer.labels);
  const columns = [...table.columns, names.label, names.score, ...names.probabilities];
  const source = path.basename(input);

  /** One batch ahead: the next is read and tokenised, by another process, while this one is computed. */
  async function* answered(): AsyncGenerator<{ batch: TableRow[]; logits: Float32Array }> {
    let before: { batch: TableRow[]; logits: Promise<Float32Array> } | undefined;
    for await (const batch of inBatches(table)) {
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
      const answers = textAnswers(logits, answerer.labels);
      yield batch.map(({ row, values }, i) => {
        const { label, score, probabilities } = answers[i]!;
        const shares = names.probabilities.map((name, place) => [name, shown(probabilities[place]!)]);
        return {
          row,
          values: {
            ...values,
            [names.label]: label,
            [names.score]: shown(score),
            ...(Object.fromEntries(shares) as Record<string, number>),
          },
        };
      });
      done += batch.length;
      onRows(done);
    }
  }
  yield* tableBytes(format, { source, columns, rows: rows() });
}

/** What a float32 holds, without digits that say nothing. */
const shown = (probability: number): number => Number(probability.toPrecision(7));

function textOf(row: TableRow, { textColumn, textPairColumn }: FileQuestion, file: string): TextInput {
  const place = (column: string): CellOrigin => ({
    file,
    row: row.row,
    ...(row.line !== undefined && { line: row.line }),
    column,
  });
  const read = (column: string): string => toText(row.values[column], place(column));
  const text = read(textColumn);
  return textPairColumn === null ? { text } : { text, textPair: read(textPairColumn) };
}

async function* inBatches(table: Table): AsyncGenerator<TableRow[]> {
  let batch: TableRow[] = [];
  for await (const row of table.rows()) {
    batch.push(row);
    if (batch.length < ROWS_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Names of the answers' columns; one that the file has itself is kept, and ours is `predicted_…`. */
export function answerColumns(
  known: readonly string[],
  labels: readonly string[],
): { label: string; score: string; probabilities: string[] } {
  const taken = new Set(known);
  const free = (wanted: string): string => {
    let name = taken.has(wanted) ? `predicted_${wanted}` : wanted;
    for (let number = 2; taken.has(name); number++) name = `predicted_${wanted}_${number}`;
    taken.add(name);
    return name;
  };
  const [label, score] = [free('label'), free('score')];
  return { label, score, probabilities: labels.map((one) => free(`probability_${one}`)) };
}
