import { basename } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { nearestName } from '../../../shared/settings/nearest.ts';
import type { EncodedText } from '../models/batch.ts';
import { givenTokens } from './given-tokens.ts';
import { openTable, type RowOrigin, type Table, type TableOptions } from './table.ts';

/** A row to train on or to predict. */
export interface Example extends RowOrigin {
  /** Empty for a row that came tokenised without its text. */
  text: string;
  textPair?: string;
  label?: string | number;
  /** Of a row that came tokenised. */
  tokens?: EncodedText;
}

export interface ExampleOptions extends TableOptions {
  /** Default `text`. */
  textColumn?: string;
  /** Default `text_pair` where the file has such a column. */
  textPairColumn?: string;
  /** Without it labels are not read. */
  labelColumn?: string;
  /** Rows are taken by their texts, also where the file has `input_ids`. */
  textOnly?: boolean;
}

export type Place = RowOrigin & { column: string };

/**
 * All rows of a data file as examples, in its order. Throws `data/column-missing`, `data/no-rows`, `data/missing-text`,
 * `data/not-text`, `data/empty-label`, `data/label-kind`, `data/input-ids` and what `openTable` and `rows()` throw.
 */
export async function readExamples(
  file: string,
  options: ExampleOptions = {},
): Promise<{ examples: Example[]; notes: string[] }> {
  const table = await openTable(file, options);
  const examples: Example[] = [];
  for await (const example of toExamples(table, options)) examples.push(example);
  if (examples.length === 0) throw fault('data/no-rows', { file });
  return { examples, notes: table.notes };
}

/**
 * Some rows of a data file, and the labels of all. The file is read twice, first for its number of rows: of a file
 * larger than memory only what `choose` picks (places from 0, in the order wanted) is ever held.
 */
export async function readChosenExamples(
  file: string,
  options: ExampleOptions,
  choose: (rows: number) => Int32Array,
): Promise<{ examples: Example[]; labels: (string | number)[]; notes: string[] }> {
  const table = await openTable(file, options);
  const labels: (string | number)[] = [];
  let rows = 0;
  for await (const { label } of toExamples(table, options)) {
    rows++;
    if (label !== undefined) labels.push(label);
  }
  if (rows === 0) throw fault('data/no-rows', { file });
  const chosen = choose(rows);
  const places = new Map(Array.from(chosen, (row, place) => [row, place]));
  const examples = new Array<Example>(chosen.length);
  let found = 0;
  let row = 0;
  for await (const example of toExamples(table, options)) {
    const place = places.get(row++);
    if (place === undefined) continue;
    examples[place] = example;
    if (++found === chosen.length) break;
  }
  if (found < chosen.length) throw fault('files/vanished', { file });
  return { examples, labels, notes: table.notes };
}

/** The rows of a table as examples, one at a time. Throws as `readExamples` does. */
async function* toExamples(table: Table, options: ExampleOptions): AsyncGenerator<Example> {
  const { textColumn = 'text', labelColumn } = options;
  const textOnly = options.textOnly === true;
  const pairColumn =
    options.textPairColumn ?? (table.columns.includes('text_pair') ? 'text_pair' : undefined);
  if (textOnly || !table.columns.includes('input_ids')) requireColumn(table, textColumn);
  if (options.textPairColumn !== undefined) requireColumn(table, options.textPairColumn);
  if (labelColumn !== undefined) requireColumn(table, labelColumn);

  const file = basename(table.file);
  for await (const { row, line, values } of table.rows()) {
    const origin: RowOrigin = { file, row, ...(line !== undefined && { line }) };
    const place = (column: string): Place => ({ ...origin, column });
    const tokens = textOnly ? undefined : givenTokens(values, origin);
    const hasText = tokens === undefined || (values[textColumn] ?? undefined) !== undefined;
    const pair = pairColumn === undefined ? undefined : (values[pairColumn] ?? undefined);
    yield {
      ...origin,
      text: hasText ? toText(values[textColumn], place(textColumn)) : '',
      ...(pairColumn !== undefined && pair !== undefined && { textPair: toText(pair, place(pairColumn)) }),
      ...(labelColumn !== undefined && { label: toLabel(values[labelColumn], place(labelColumn)) }),
      ...(tokens && { tokens }),
    };
  }
}

/** Throws `data/column-missing` where a table lacks the column. */
export function requireColumn(table: Table, column: string): void {
  if (table.columns.includes(column)) return;
  const nearest = nearestName(column, table.columns);
  throw fault('data/column-missing', { file: basename(table.file), column, columns: table.columns, nearest });
}

/** A cell as a text. Throws `data/missing-text` and `data/not-text`. */
export function toText(value: unknown, place: Place): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value == null) throw fault('data/missing-text', place);
  throw fault('data/not-text', { ...place, kind: kindOf(value) });
}

/** A cell as the name or number of a class. Throws `data/empty-label` and `data/label-kind`. */
export function toLabel(value: unknown, place: Place): string | number {
  if (value == null || (typeof value === 'string' && value.trim() === ''))
    throw fault('data/empty-label', place);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'boolean') return String(value);
  throw fault('data/label-kind', { ...place, kind: kindOf(value) });
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : typeof value === 'boolean' ? 'true or false' : 'a number';
}
