import { basename } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import type { LabelCount, LabelMapping } from '../../../shared/contract/datasets.ts';
import { given } from '../../../shared/fields.ts';
import { labelText, mappedLabel } from '../../../shared/label-column.ts';
import { nearestName } from '../../../shared/settings/nearest.ts';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import type { EncodedText } from '../models/batch.ts';
import { givenTokens } from './given-tokens.ts';
import { ColumnStats, guessRoles } from './roles.ts';
import type { RowOrigin, Table, TableOptions, TableRow } from './table-types.ts';
import { openTable } from './table.ts';

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
  /** Columns that are one text together; in place of `textColumn`. */
  textColumns?: readonly string[];
  /** Between the texts of `textColumns`. Default a space. */
  textSeparator?: string;
  /** Default `text_pair` where the file has such a column. */
  textPairColumn?: string;
  /** Without it labels are not read. */
  labelColumn?: string;
  /** Rows are taken by their texts, also where the file has `input_ids`. */
  textOnly?: boolean;
  /** Label values by class; rows whose value becomes null are left out. */
  labelMap?: LabelMapping;
  /** Default `refuse`. */
  emptyLabels?: 'refuse' | 'leave_out';
}

type CellOrigin = RowOrigin & { column: string };
/** Where a cell stands. */
export const cellOf = (
  file: string,
  { row, line }: Omit<TableRow, 'values'>,
  column: string,
): CellOrigin => ({
  ...{ file, row, column },
  ...given({ line }),
});

/** What was read of a data file beside its rows. */
export interface ReadFile {
  /** What is worth knowing: of the file, of columns that were found, of rows left out. */
  notes: string[];
  /** The names that the file gives to its class numbers, in their order. */
  classNames: readonly string[] | undefined;
  /** As they were found in a file without a header line. */
  columns: { text: string; label: string | undefined };
}

/** How the rows of a training config's files are read. */
export function exampleOptions(data: TrainConfig['data']): ExampleOptions {
  return {
    textColumn: data.text_column,
    labelColumn: data.label_column,
    textSeparator: data.text_separator,
    labelMap: data.label_map,
    emptyLabels: data.empty_labels,
    raggedRows: data.ragged_rows,
    ...(data.text_columns === null ? {} : { textColumns: data.text_columns }),
    ...(data.text_pair_column === null ? {} : { textPairColumn: data.text_pair_column }),
    ...(data.encoding === null ? {} : { encoding: data.encoding }),
    ...(data.column_names === null ? {} : { columnNames: data.column_names }),
  };
}

/**
 * All rows of a data file as examples, in its order. Throws `data/column-missing`, `data/no-rows`, `data/missing-text`,
 * `data/not-text`, `data/empty-label`, `data/input-ids` and what `openTable` and `rows()` throw.
 */
export async function readExamples(
  file: string,
  options: ExampleOptions = {},
): Promise<{ examples: Example[] } & ReadFile> {
  const source = await openExamples(file, options);
  const examples: Example[] = [];
  for await (const example of source.rows()) examples.push(example);
  if (examples.length === 0) throw source.noRows();
  return { examples, ...source.read() };
}

/**
 * Some rows of a data file, and the labels of all. The file is read twice, first for its number of rows: of a file
 * larger than memory only what `choose` picks (places from 0, in the order wanted) is ever held.
 */
export async function readChosenExamples(
  file: string,
  options: ExampleOptions,
  choose: (rows: number) => Int32Array,
): Promise<{ examples: Example[]; labels: (string | number)[] } & ReadFile> {
  const source = await openExamples(file, options);
  const labels: (string | number)[] = [];
  let rows = 0;
  for await (const { label } of source.rows()) {
    rows++;
    if (label !== undefined) labels.push(label);
  }
  if (rows === 0) throw source.noRows();
  const read = source.read();
  const chosen = choose(rows);
  const positions = new Map(Array.from(chosen, (row, position) => [row, position]));
  const examples = new Array<Example>(chosen.length);
  let found = 0;
  let row = 0;
  for await (const example of source.rows()) {
    const position = positions.get(row++);
    if (position === undefined) continue;
    examples[position] = example;
    if (++found === chosen.length) break;
  }
  if (found < chosen.length) throw fault('files/vanished', { file });
  return { examples, labels, ...read };
}

/**
 * Rows by their numbers in the file, as they are asked for after a run; those that the file does not have are missing.
 * `rows`: how many it has.
 */
export async function readNumberedExamples(
  file: string,
  options: ExampleOptions,
  numbers: readonly number[],
): Promise<{ examples: Map<number, Example>; rows: number }> {
  // Their labels were read before, and a row without one has a text all the same.
  const { labelColumn: _, ...texts } = options;
  const source = await openExamples(file, texts);
  const wanted = new Set(numbers);
  const examples = new Map<number, Example>();
  let rows = 0;
  for await (const example of source.rows()) {
    rows = example.row;
    if (wanted.has(rows)) examples.set(rows, example);
    if (examples.size === wanted.size) break;
  }
  return { examples, rows };
}

/** The values of a file's label column, as they are without a map, with their rows. Throws as `readExamples` does. */
export async function countLabelValues(
  file: string,
  options: ExampleOptions & { labelColumn: string },
): Promise<{ column: string; counts: LabelCount[] }> {
  const source = await openExamples(file, { ...options, labelMap: {}, emptyLabels: 'leave_out' });
  const rows = new Map<string, number>();
  for await (const { label } of source.rows()) {
    rows.set(String(label), (rows.get(String(label)) ?? 0) + 1);
  }
  const counts = Array.from(rows, ([value, n]) => ({ value, rows: n }));
  return { column: source.read().columns.label ?? options.labelColumn, counts };
}

interface ExampleSource {
  rows(): AsyncGenerator<Example>;
  /** Of the reading that ended last. */
  read(): ReadFile;
  noRows(): Error;
}

/** A data file with its columns settled: a file without a header line is read as the window would read it. */
async function openExamples(file: string, options: ExampleOptions): Promise<ExampleSource> {
  const { textColumn = 'text', textColumns, textPairColumn, labelColumn } = options;
  const named = [...(textColumns ?? [textColumn]), textPairColumn, labelColumn].filter(
    (column) => column !== undefined,
  );
  const table = await openTable(file, { header: 'detect', columnsNamed: named, ...options });
  const found = await foundColumns(table, options);
  let leftOut: RowNumber[] = [];
  return {
    async *rows() {
      leftOut = [];
      yield* toExamples(table, { ...options, ...found.options }, leftOut);
    },
    read: () => ({
      notes: [
        ...table.notes,
        ...found.notes,
        ...leftOutNotes(table, leftOut, 'without a label'),
        ...raggedNotes(table),
      ],
      classNames: labelColumn === undefined ? undefined : table.classNames?.[labelColumn],
      columns: {
        text: found.options.textColumn ?? textColumn,
        label: found.options.labelColumn ?? labelColumn,
      },
    }),
    noRows: () =>
      leftOut.length > 0 && labelColumn !== undefined
        ? fault('datasets/all-left-out', { column: labelColumn })
        : fault('data/no-rows', { file }),
  };
}

/** Rows looked at to find the columns of a file without a header line. */
const FIND_ROWS = 500;

/** Columns without names cannot be named: those that look like the text and the label are taken, and said. */
export async function foundColumns(
  table: Table,
  options: ExampleOptions,
): Promise<{ options: Pick<ExampleOptions, 'textColumn' | 'labelColumn'>; notes: string[] }> {
  const { textColumn = 'text', textColumns, textPairColumn, labelColumn, columnNames } = options;
  const has = (column: string | undefined) => column === undefined || table.columns.includes(column);
  const delimited = table.format === 'csv' || table.format === 'tsv';
  const none = { options: {}, notes: [] };
  if (!delimited || table.header || columnNames !== undefined || textPairColumn !== undefined) return none;
  if (textColumns !== undefined || (has(textColumn) && has(labelColumn))) return none;
  const columns = table.columns.map((name) => new ColumnStats(name));
  let looked = 0;
  for await (const { row, values } of table.rows()) {
    for (const column of columns) column.see(values[column.name], row);
    if (++looked === FIND_ROWS) break;
  }
  const roles = guessRoles(columns);
  const taken = (role: 'text' | 'label') => table.columns.find((name) => roles.get(name) === role);
  const text = has(textColumn) ? textColumn : taken('text');
  const label = has(labelColumn) ? labelColumn : taken('label');
  if (text === undefined || (labelColumn !== undefined && label === undefined)) return none;
  const as =
    label === undefined
      ? `"${text}" is taken as the text`
      : `"${text}" is taken as the text and "${label}" as the label`;
  return {
    options: { textColumn: text, ...(label === undefined ? {} : { labelColumn: label }) },
    notes: [`${basename(table.file)} has no header line; ${as}.`],
  };
}

type RowNumber = Pick<TableRow, 'row'>;

const NAMED_ROWS = 20;
const count = (n: number) => n.toLocaleString('en-US');

/** Row numbers in words: the first ones, and how many more. */
export function rowNumbers(rows: readonly RowNumber[]): string {
  const shown = rows.slice(0, NAMED_ROWS).map(({ row }) => count(row));
  return shown.join(', ') + (rows.length > NAMED_ROWS ? ` and ${count(rows.length - NAMED_ROWS)} more` : '');
}

/** `which`: what the rows have in common, as in "without a label". */
function leftOutNotes(table: Table, rows: readonly RowNumber[], which: string): string[] {
  if (rows.length === 0) return [];
  const isSingle = rows.length === 1;
  return [
    `${isSingle ? 'One row' : `${count(rows.length)} rows`} of ${basename(table.file)} ${which} ${isSingle ? 'is' : 'are'} left out: ${rowNumbers(rows)}.`,
  ];
}

export const raggedNotes = (table: Table): string[] =>
  leftOutNotes(table, table.ragged ?? [], 'with another number of fields');

/** The rows of a table as examples, one at a time; rows without a label that are not wanted go to `leftOut`. */
async function* toExamples(
  table: Table,
  options: ExampleOptions,
  leftOut: RowNumber[],
): AsyncGenerator<Example> {
  const { textColumn = 'text', textColumns, textSeparator = ' ', labelColumn, emptyLabels } = options;
  const textOnly = options.textOnly === true;
  const pairColumn =
    options.textPairColumn ?? (table.columns.includes('text_pair') ? 'text_pair' : undefined);
  if (textOnly || !table.columns.includes('input_ids'))
    for (const column of textColumns ?? [textColumn]) requireColumn(table, column);
  if (options.textPairColumn !== undefined) requireColumn(table, options.textPairColumn);
  if (labelColumn !== undefined) requireColumn(table, labelColumn);
  const labels = labelColumn === undefined ? undefined : labelReader(table, labelColumn, options.labelMap);

  const file = basename(table.file);
  for await (const { row, line, values } of table.rows()) {
    const origin: RowOrigin = { file, row, ...given({ line }) };
    const cell = (column: string): CellOrigin => ({ ...origin, column });
    const label = labelColumn === undefined ? undefined : labels!(values[labelColumn]);
    if (label === null) {
      if (emptyLabels !== 'leave_out' && isEmptyCell(values[labelColumn!])) {
        throw fault('data/empty-label', cell(labelColumn!));
      }
      leftOut.push({ row });
      continue;
    }
    const tokens = textOnly ? undefined : givenTokens(values, origin);
    const hasText =
      tokens === undefined ||
      (textColumns ?? [textColumn]).some((column) => (values[column] ?? undefined) !== undefined);
    const pair = pairColumn === undefined ? undefined : (values[pairColumn] ?? undefined);
    const text = (): string =>
      textColumns === undefined
        ? toText(values[textColumn], cell(textColumn))
        : joinTexts(textColumns, textSeparator, (column) =>
            values[column] == null ? '' : toText(values[column], cell(column)),
          );
    yield {
      ...origin,
      text: hasText ? text() : '',
      ...(pairColumn !== undefined && pair !== undefined && { textPair: toText(pair, cell(pairColumn)) }),
      ...(label !== undefined && { label }),
      ...(tokens && { tokens }),
    };
  }
}

const isEmptyCell = (value: unknown): boolean => labelText(value).trim() === '';

/** The texts of several columns as one, empty ones left out. */
export function joinTexts(
  columns: readonly string[],
  separator: string,
  textOf: (column: string) => string,
): string {
  return columns
    .map(textOf)
    .filter((text) => text.trim() !== '')
    .join(separator);
}

/**
 * Reads the cells of a label column: class numbers by the names that the file gives them, then by a label map. Null: the
 * row has no label. `datasets` writes -1 where a test set keeps its labels secret.
 */
export function labelReader(
  table: Pick<Table, 'classNames'>,
  column: string,
  map: LabelMapping = {},
): (value: unknown) => string | null {
  const names = table.classNames?.[column];
  return (value) => {
    const text = labelText(value);
    const number = names && /^-?\d+$/.test(text) ? Number(text) : null;
    if (number === -1) return null;
    return mappedLabel((number === null ? undefined : names![number]) ?? text, map);
  };
}

/** Throws `data/column-missing` where a table lacks the column. */
export function requireColumn(table: Table, column: string): void {
  if (table.columns.includes(column)) return;
  const nearest = nearestName(column, table.columns);
  throw fault('data/column-missing', { file: basename(table.file), column, columns: table.columns, nearest });
}

/** A cell as a text. Throws `data/missing-text` and `data/not-text`. */
export function toText(value: unknown, cell: CellOrigin): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value == null) throw fault('data/missing-text', cell);
  throw fault('data/not-text', { ...cell, kind: kindOf(value) });
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : typeof value === 'boolean' ? 'true or false' : 'a number';
}
