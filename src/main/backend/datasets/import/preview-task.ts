import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ColumnRole, LabelCount, Preview } from '../../../../shared/contract/datasets.ts';
import { Fault } from '../../../../shared/faults/index.ts';
import { labelText, readLabelColumn } from '../../../../shared/label-column.ts';
import type { Table, TableRow } from '../../../engine/data/table.ts';
import { rowNumbers } from '../../../engine/data/examples.ts';
import { ColumnStats, guessRoles } from '../../../engine/data/roles.ts';
import { number } from '../report/phrases.ts';
import { openSourceTable, type SourceFiles } from './source-tables.ts';

type Warning = Preview['warnings'][number];

const SHOWN_ROWS = 50;
const SHOWN_CHARACTERS = 2000;
/** A file up to this size is looked at whole; of a larger one the first rows. */
const WHOLE_BYTES = 8 * 2 ** 20;
const LOOKED_AT_ROWS = 5000;
const SHOWN_VALUES = 200;
/** A column of more values is no label: these say enough. */
const READ_VALUES = 2000;
const NAMED_ROWS = 20;
/** Of a table of very many columns fewer rows are looked at. */
const LOOKED_AT_CELLS = 2_000_000;

/** What the files of a source hold, by their first rows. Throws what `openTable` throws. */
export async function previewTask({ source, name }: { source: SourceFiles; name: string }): Promise<Preview> {
  const [first, ...others] = source.files;
  const table = await openSourceTable(source, first!.path, 'leave-out', 'note');
  const looked = await look(table, (await stat(first!.path)).size);
  const warnings: Warning[] = [
    ...table.notes.map(ofFile),
    ...looked.warnings,
    ...raggedWarnings(table),
    ...previewWarnings(looked.columns, looked.roles, looked.count),
  ];
  let { bytes, rows, exact } = looked;
  const ragged = [...(table.ragged ?? [])];
  for (const { path } of others) {
    const other = await lookAtOther(source, path, table, looked);
    warnings.push(...other.warnings);
    bytes += other.bytes;
    rows += other.rows;
    exact &&= other.exact;
  }
  return {
    name,
    format: table.format,
    encoding: table.encoding,
    delimiter: table.delimiter ?? null,
    header: table.header,
    bytes,
    rows,
    rowsExact: exact,
    columns: looked.columns.map((column) => {
      const { name, distinct, empty, meanLength } = column;
      return {
        ...{ name, distinct, empty, meanLength, role: looked.roles.get(name)! },
        values: distinct > SHOWN_VALUES ? [] : column.counts(SHOWN_VALUES),
        reading: readLabelColumn(namedCounts(table, column), name),
      };
    }),
    sample: looked.sample,
    sampleRows: looked.sampleRows,
    warnings,
    ragged: { rows: ragged.length, first: ragged.slice(0, NAMED_ROWS).map(({ row }) => row) },
  };
}

/** The values as labels: class numbers by the names that the file gives them. */
function namedCounts(table: Table, column: ColumnStats): LabelCount[] {
  const names = table.classNames?.[column.name];
  const counts = column.counts(READ_VALUES);
  return counts.map(({ value, rows }) => ({ value: names?.[Number(value)] ?? value, rows }));
}

interface Looked {
  columns: ColumnStats[];
  roles: ReturnType<typeof guessRoles>;
  sample: string[][];
  /** The numbers of those rows. */
  sampleRows: number[];
  /** Rows that were looked at. */
  count: number;
  bytes: number;
  rows: number;
  exact: boolean;
  warnings: Warning[];
}

async function look(table: Table, bytes: number): Promise<Looked> {
  const columns = table.columns.map((name) => new ColumnStats(name));
  const sample: string[][] = [];
  const sampleRows: number[] = [];
  let lastRow = 0;
  const warnings: Warning[] = [];
  let [count, characters, ended] = [0, 0, true];
  try {
    for await (const { row, values } of table.rows()) {
      count++;
      lastRow = row;
      for (const column of columns) column.see(values[column.name], row);
      const cells = columns.map(({ name }) => labelText(values[name]));
      characters += cells.reduce((sum, cell) => sum + cell.length + 1, 0);
      if (sample.length < SHOWN_ROWS) {
        sample.push(cells.map((cell) => cell.slice(0, SHOWN_CHARACTERS)));
        sampleRows.push(row);
      }
      if ((count >= LOOKED_AT_ROWS && bytes > WHOLE_BYTES) || count * columns.length > LOOKED_AT_CELLS) {
        ended = false;
        break;
      }
    }
  } catch (error) {
    // What can be read is shown, and where it stops; importing names the same row.
    if (!(error instanceof Fault) || count === 0) throw error;
    warnings.push({ row: lastRow + 1, message: `${error.message} ${error.remedy}` });
    ended = false;
  }
  const exact = ended || table.count !== undefined;
  const rows = ended ? count : (table.count ?? about((bytes / Math.max(1, characters)) * count));
  return { columns, roles: guessRoles(columns), sample, sampleRows, count, bytes, rows, exact, warnings };
}

/** Two figures of a number that is an estimate. */
function about(rows: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, rows))) - 1);
  return Math.round(rows / step) * step;
}

/** A further file: it must have the columns of the first. */
async function lookAtOther(source: SourceFiles, path: string, first: Table, looked: Looked) {
  const table = await openSourceTable(source, path, 'leave-out', 'note');
  const bytes = (await stat(path)).size;
  const lacking = first.columns.filter((column) => !table.columns.includes(column));
  const warnings = lacking.map((column) =>
    ofFile(`${basename(path)} has no column "${column}", which ${basename(first.file)} has.`),
  );
  if (table.count !== undefined) return { warnings, bytes, rows: table.count, exact: true };
  if (bytes > WHOLE_BYTES || lacking.length > 0) {
    return { warnings, bytes, rows: about((bytes / looked.bytes) * looked.rows), exact: false };
  }
  let last: TableRow | null = null;
  try {
    for await (const row of table.rows()) last = row;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    warnings.push({ row: (last?.row ?? 0) + 1, message: `${error.message} ${error.remedy}` });
  }
  return { warnings, bytes, rows: last?.row ?? 0, exact: true };
}

const MANY_CLASSES = 100;

/** What a person should know of the columns before the rows are stored. */
function previewWarnings(
  columns: readonly ColumnStats[],
  roles: ReadonlyMap<string, ColumnRole>,
  looked: number,
): Warning[] {
  const of = (role: ColumnRole) => columns.find(({ name }) => roles.get(name) === role);
  const [text, label] = [of('text'), of('label')];
  const kept = (them: string) => `${them} kept and shown in the report.`;
  const chosen = (them: string) => `Label ${them}, or leave such rows out.`;
  const messages: string[] = [];
  if (!text) messages.push('No column looks like a text. Choose the one that holds it.');
  if (!label) messages.push('No column looks like a label. Choose the one that holds it.');
  const empty = [
    ...(text && text.empty > 0 ? [emptyWarning(text, 'no text', kept('It is'), kept('They are'))] : []),
    ...(label && label.empty > 0 ? [emptyWarning(label, 'no label', chosen('it'), chosen('them'))] : []),
  ];
  const doubts: string[] = [];
  if (label && label.distinct > MANY_CLASSES)
    doubts.push(
      `Column "${label.name}" has ${number(label.distinct)} different values in ${number(looked)} rows. Labels mostly have few: check that it is the right column.`,
    );
  if (label?.distinct === 1)
    doubts.push(
      `Column "${label.name}" has one value only in the ${number(looked)} rows looked at. Telling classes apart takes at least two.`,
    );
  return [...messages.map(ofFile), ...empty, ...doubts.map(ofFile)];
}

const ofFile = (message: string): Warning => ({ row: null, message });

/** Rows that do not fit the columns: named before the import, left out or refused by it. */
function raggedWarnings({ ragged = [], columns }: Table): Warning[] {
  const [first] = ragged;
  if (!first) return [];
  const message =
    ragged.length === 1
      ? `Row ${number(first.row)} (line ${number(first.line)}) has ${first.fields} fields, there are ${columns.length} columns. Leave it out, or mend the file.`
      : `${number(ragged.length)} rows have another number of fields than there are columns (${columns.length}): ${rowNumbers(ragged)}. Leave them out, or mend the file.`;
  return [{ row: first.row, message }];
}

function emptyWarning(
  { name, empty, emptyRows }: ColumnStats,
  lack: string,
  remedyOne: string,
  remedyMany: string,
): Warning {
  const rows = emptyRows.map(number).join(', ');
  const message =
    empty === 1
      ? `Row ${rows} has ${lack} in column "${name}". ${remedyOne}`
      : `${number(empty)} rows have ${lack} in column "${name}": ${rows}${empty > emptyRows.length ? ` and ${number(empty - emptyRows.length)} more` : ''}. ${remedyMany}`;
  return { row: emptyRows[0] ?? null, message };
}
