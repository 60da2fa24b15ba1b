import { basename } from 'node:path';
import { givenTokens } from '../engine/data/given-tokens.ts';
import type { LabelReading } from '../../shared/contract/datasets.ts';
import { labelText, mapText, readLabelColumn } from '../../shared/label-column.ts';
import type { Table } from '../engine/data/table.ts';
import type { TextTokenizer } from '../engine/tokenizer/text-tokenizer.ts';
import { count, table as textTable } from './format.ts';
import { chunks } from './io/chunks.ts';

interface Lengths {
  least: number;
  median: number;
  mean: number;
  most: number;
}

interface ColumnReport {
  name: string;
  /** Rows with something in it. */
  filled: number;
  /** Different values; null beyond `distinctLimit`. */
  distinct: number | null;
}

/** What `graft inspect --data` prints; with --json as it is. */
export interface DataReport {
  file: string;
  format: string;
  /** Null for a binary format. */
  encoding: string | null;
  rows: number;
  columns: ColumnReport[];
  /** Null where there is no such column, or one with too many values to be classes. */
  labels: ({ column: string; counts: { label: string; rows: number }[] } & LabelReading) | null;
  /** Of the text column, in characters; null where there is no such column. */
  characters: Lengths | null;
  /** Of the text column, in tokens with the special ones, or of rows that come tokenised; null without either. */
  tokens: Lengths | null;
  notes: string[];
}

const distinctLimit = 1000;
const rowsAtOnce = 1024;

/** Reads a table once, row by row, and says what is in it. */
export async function inspectTable(
  table: Table,
  options: {
    textColumn: string;
    labelColumn: string;
    tokenizer?: TextTokenizer | undefined;
    signal: AbortSignal;
  },
): Promise<DataReport> {
  // Loaded with the readers of all formats, which other commands do without.
  const { labelReader, raggedNotes } = await import('../engine/data/examples.ts');
  const columns = new Map(table.columns.map((name) => [name, newColumn()]));
  const characters: number[] = [];
  const tokens: number[] = [];
  const file = basename(table.file);
  // Class numbers by the names that the file gives them.
  const labelOf = labelReader(table, options.labelColumn);
  let rows = 0;
  for await (const batch of chunks(table.rows(), rowsAtOnce)) {
    options.signal.throwIfAborted();
    rows += batch.length;
    const texts: { text: string }[] = [];
    for (const { row, line, values } of batch) {
      const given = givenTokens(values, { file, row, ...(line !== undefined && { line }) });
      if (given) tokens.push(given.attentionMask?.filter((one) => one === 1).length ?? given.inputIds.length);
      for (const [name, value] of Object.entries(values)) {
        countValue(columns, name, name === options.labelColumn ? labelOf(value) : value);
      }
      const text = values[options.textColumn];
      if (typeof text !== 'string') continue;
      characters.push(text.length);
      if (!given) texts.push({ text });
    }
    const encoded = (await options.tokenizer?.encode(texts, {})) ?? [];
    for (const ids of encoded) tokens.push(ids.inputIds.length);
  }
  const labels = columns.get(options.labelColumn)?.counts ?? null;
  return {
    file: table.file,
    format: table.format,
    encoding: table.encoding,
    rows,
    columns: Array.from(columns, ([name, column]) => ({
      name,
      filled: column.filled,
      distinct: column.counts?.size ?? null,
    })),
    labels: labels && labelReport(options.labelColumn, labels),
    characters: lengths(characters),
    tokens: lengths(tokens),
    notes: [...table.notes, ...raggedNotes(table)],
  };
}

function labelReport(column: string, rows: ReadonlyMap<string, number>): NonNullable<DataReport['labels']> {
  const counts = Array.from(rows, ([value, n]) => ({ value, rows: n }));
  return { column, counts: sortedCounts(rows), ...readLabelColumn(counts, column) };
}

interface Column {
  filled: number;
  /** Null beyond `distinctLimit`. */
  counts: Map<string, number> | null;
}

function newColumn(): Column {
  return { filled: 0, counts: new Map() };
}

function countValue(columns: Map<string, Column>, name: string, value: unknown): void {
  const column = columns.get(name) ?? newColumn();
  columns.set(name, column);
  if (value == null || value === '') return;
  column.filled += 1;
  const key = labelText(value);
  column.counts?.set(key, (column.counts.get(key) ?? 0) + 1);
  if (column.counts !== null && column.counts.size > distinctLimit) column.counts = null;
}

/** Labels in the order that they get ids in: numbers by value, names by code point. */
function sortedCounts(counts: ReadonlyMap<string, number>): { label: string; rows: number }[] {
  const numeric = [...counts.keys()].every((label) => label.trim() !== '' && Number.isFinite(Number(label)));
  const compare = numeric
    ? (a: string, b: string) => Number(a) - Number(b)
    : (a: string, b: string) => (a < b ? -1 : 1);
  return [...counts].sort(([a], [b]) => compare(a, b)).map(([label, rows]) => ({ label, rows }));
}

function lengths(values: number[]): Lengths | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return {
    least: sorted[0]!,
    median: sorted[sorted.length >> 1]!,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    most: sorted.at(-1)!,
  };
}

/** The report as a person reads it. */
export function inspectDataText(report: DataReport): string {
  const parts = [
    `${report.file}: ${count(report.rows)} rows, ${report.columns.length} columns, ${[report.format, report.encoding].filter(Boolean).join(', ')}`,
    textTable([
      ['column', 'filled', 'different values'],
      ...report.columns.map((column) => [
        column.name,
        count(column.filled),
        column.distinct === null ? `over ${count(distinctLimit)}` : count(column.distinct),
      ]),
    ]),
  ];
  if (report.labels !== null) {
    const share = (rows: number) => `${((100 * rows) / report.rows).toFixed(1)} %`;
    const rows = report.labels.counts.map((one) => [one.label, count(one.rows), share(one.rows)]);
    parts.push(textTable([[report.labels.column, 'rows', 'share'], ...rows]));
    parts.push(...report.labels.observations.map(({ message, remedy }) => `${message} ${remedy}`));
    if (Object.keys(report.labels.proposed).length > 0) {
      parts.push(`With --label-map proposed, train and eval read ${mapText(report.labels.proposed)}.`);
    }
  }
  const measured = (['characters', 'tokens'] as const).flatMap((unit) => {
    const found = report[unit];
    return found === null
      ? []
      : [[unit, count(found.least), count(found.median), count(found.mean), count(found.most)]];
  });
  if (measured.length > 0)
    parts.push(textTable([['length in', 'least', 'median', 'mean', 'most'], ...measured]));
  return [...parts, ...report.notes].join('\n\n');
}
