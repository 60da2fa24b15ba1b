import { fault } from '../../../shared/faults/index.ts';

/** A row to be written; `row` is its number in the file that it was read from, for messages. */
export interface OutputRow {
  row: number;
  values: Record<string, unknown>;
}

export interface OutputTable {
  /** The file that the rows were read from, for messages. */
  source: string;
  columns: readonly string[];
  rows: AsyncIterable<OutputRow[]>;
}

/** Throws `playground/late-column` for a value that has no column: it would be lost without a word. */
export function requireKnown({ row, values }: OutputRow, columns: readonly string[], source: string): void {
  const late = Object.keys(values).find((column) => !columns.includes(column));
  if (late !== undefined) throw fault('playground/late-column', { file: source, row, column: late });
}

/** As JSON; whole numbers of Parquet that JavaScript holds as bigint stay numbers where that loses nothing. */
export function asJson(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== 'bigint') return one;
    return Number.isSafeInteger(Number(one)) ? Number(one) : String(one);
  });
}
