import { basename } from 'node:path';
import { cellOf, joinTexts, labelReader, requireColumn, toText } from '../../../engine/data/examples.ts';
import type { Table } from '../../../engine/data/table.ts';
import type { Mapping } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { labelText } from '../../../../shared/label-column.ts';

/** A row with its label and split by name. `label` null: the file has none, or the map says so. */
export interface SourceRow {
  row: number;
  text: string;
  textPair: string | null;
  label: string | null;
  /** A map leaves the row out, whatever becomes of rows whose label is empty. */
  dropped: boolean;
  split: string | null;
  extra: Record<string, string> | null;
}

/** Throws `datasets/same-column` where one column is chosen for two things. */
export function checkMapping({ text, moreText, textPair, label, split }: Mapping): void {
  const chosen = [text, ...moreText, textPair, label, split].filter((column) => column !== null);
  const repeated = chosen.find((column, i) => chosen.indexOf(column) !== i);
  if (repeated !== undefined) throw fault('datasets/same-column', { column: repeated });
}

/** The rows of a table by a mapping. Throws `data/column-missing`, `data/not-text` and what the table throws. */
export async function* readRows(
  table: Table,
  mapping: Mapping,
  fileSplit: string | null,
): AsyncGenerator<SourceRow> {
  const texts = [mapping.text, ...mapping.moreText];
  const named = [...texts, mapping.textPair, mapping.label, mapping.split, ...mapping.extra];
  for (const column of named) if (column !== null) requireColumn(table, column);
  const file = basename(table.file);
  const labelOf = labelReader(table, mapping.label, mapping.labelMap);
  for await (const row of table.rows()) {
    const { values } = row;
    const cell = (column: string): string => {
      const value = values[column];
      if (typeof value === 'string') return value;
      return value == null ? '' : toText(value, cellOf(file, row, column));
    };
    const splitCell = mapping.split === null ? '' : labelText(values[mapping.split]).trim();
    const label = labelOf(values[mapping.label]);
    yield {
      row: row.row,
      text: texts.length === 1 ? cell(mapping.text) : joinTexts(texts, mapping.separator, cell),
      textPair: mapping.textPair === null ? null : cell(mapping.textPair),
      label,
      dropped: label === null && labelText(values[mapping.label]).trim() !== '',
      split: splitCell === '' ? fileSplit : splitCell,
      extra: mapping.extra.length === 0 ? null : extraOf(values, mapping.extra),
    };
  }
}

function extraOf(values: Record<string, unknown>, columns: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column) => [column, labelText(values[column])]));
}
