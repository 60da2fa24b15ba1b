import { csvField } from '../../../shared/quoting.ts';
import { asJson, requireKnown, type OutputTable } from './output-table.ts';
import { parquetBytes } from './parquet-bytes.ts';

export const tableFormats = ['csv', 'jsonl', 'parquet'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** A table as the bytes of a file, a few rows at a time. Throws `playground/late-column`, `playground/column-type`. */
export function tableBytes(format: TableFormat, table: OutputTable): AsyncGenerator<Uint8Array> {
  if (format === 'csv') return csvBytes(table);
  return format === 'jsonl' ? jsonLines(table) : parquetBytes(table);
}

async function* jsonLines({ rows }: OutputTable): AsyncGenerator<Uint8Array> {
  for await (const batch of rows)
    yield Buffer.from(batch.map(({ values }) => `${asJson(values)}\n`).join(''));
}

/**
 * As RFC 4180 has it, with the line ends that Unix tools write. A cell that a spreadsheet would compute gets an
 * apostrophe before it, the texts of the input too: who needs them as they were takes JSON Lines or Parquet.
 */
async function* csvBytes({ columns, rows, source }: OutputTable): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${columns.map(csvField).join(',')}\n`);
  for await (const batch of rows) {
    const lines = batch.map((row) => {
      requireKnown(row, columns, source);
      return `${columns.map((column) => csvField(csvText(row.values[column]))).join(',')}\n`;
    });
    yield Buffer.from(lines.join(''));
  }
}

function csvText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'bigint' ? String(value) : asJson(value);
}
