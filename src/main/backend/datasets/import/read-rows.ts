import { basename } from 'node:path';
import { requireColumn, toLabel, toText, type Place } from '../../../engine/data/examples.ts';
import type { Table, TableRow } from '../../../engine/data/table.ts';
import type { Mapping } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { cellText } from './source-tables.ts';

/** A row with its label and split by name. `label` null: the file has none. */
export interface SourceRow {
  row: number;
  text: string;
  textPair: string | null;
  label: string | number | null;
  split: string | null;
  extra: Record<string, string> | null;
}

/** Throws `datasets/same-column` where one column is chosen for two things. */
export function checkMapping({ text, textPair, label, split }: Mapping): void {
  const chosen = [text, textPair, label, split].filter((column) => column !== null);
  const repeated = chosen.find((column, i) => chosen.indexOf(column) !== i);
  if (repeated !== undefined) throw fault('datasets/same-column', { column: repeated });
}

/** The rows of a table by a mapping. Throws `data/column-missing`, `data/not-text`, `data/label-kind` and the table's. */
export async function* readRows(
  table: Table,
  mapping: Mapping,
  fileSplit: string | null,
): AsyncGenerator<SourceRow> {
  const named = [mapping.text, mapping.textPair, mapping.label, mapping.split, ...mapping.extra];
  for (const column of named) if (column !== null) requireColumn(table, column);
  const file = basename(table.file);
  const isClassNumber = table.classNames?.[mapping.label] !== undefined;
  for await (const one of table.rows()) {
    const { values } = one;
    const cell = (column: string): string => {
      const value = values[column];
      if (typeof value === 'string') return value;
      return value == null ? '' : toText(value, place(file, one, column));
    };
    const splitCell = mapping.split === null ? '' : cellText(values[mapping.split]).trim();
    yield {
      row: one.row,
      text: cell(mapping.text),
      textPair: mapping.textPair === null ? null : cell(mapping.textPair),
      label: labelOf(values[mapping.label], isClassNumber, () => place(file, one, mapping.label)),
      split: splitCell === '' ? fileSplit : splitCell,
      extra: mapping.extra.length === 0 ? null : extraOf(values, mapping.extra),
    };
  }
}

function place(file: string, { row, line }: TableRow, column: string): Place {
  return { file, row, ...(line !== undefined && { line }), column };
}

function labelOf(value: unknown, isClassNumber: boolean, where: () => Place): string | number | null {
  if (value == null || (typeof value === 'string' && value.trim() === '')) return null;
  // `datasets` writes -1 where a test set keeps its labels secret.
  if (isClassNumber && value === -1) return null;
  return toLabel(value, where());
}

function extraOf(values: Record<string, unknown>, columns: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column) => [column, cellText(values[column])]));
}
