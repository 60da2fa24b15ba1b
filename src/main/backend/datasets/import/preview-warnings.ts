import type { ColumnRole, Preview } from '../../../../shared/contract/datasets.ts';
import { rowNumbers } from '../../../engine/data/examples.ts';
import type { Table } from '../../../engine/data/table.ts';
import type { ColumnStats } from '../../../engine/data/roles.ts';

export type Warning = Preview['warnings'][number];

const MANY_CLASSES = 100;
const number = (n: number) => n.toLocaleString('en-US');

/** What a person should know of the columns before the rows are stored. */
export function previewWarnings(
  columns: readonly ColumnStats[],
  roles: ReadonlyMap<string, ColumnRole>,
  looked: number,
): Warning[] {
  const of = (role: ColumnRole) => columns.find(({ name }) => roles.get(name) === role);
  const [text, label] = [of('text'), of('label')];
  const warnings: Warning[] = [];
  if (!text)
    warnings.push({ row: null, message: 'No column looks like a text. Choose the one that holds it.' });
  if (!label)
    warnings.push({ row: null, message: 'No column looks like a label. Choose the one that holds it.' });
  if (text && text.empty > 0)
    warnings.push(emptyWarning(text, 'no text', 'They are kept and shown in the report.'));
  if (label && label.empty > 0) {
    warnings.push(emptyWarning(label, 'no label', 'Label them, or leave such rows out.'));
  }
  if (label && label.distinct > MANY_CLASSES) {
    warnings.push({
      row: null,
      message: `Column "${label.name}" has ${number(label.distinct)} different values in ${number(looked)} rows. Labels mostly have few: check that it is the right column.`,
    });
  }
  if (label?.distinct === 1) {
    warnings.push({
      row: null,
      message: `Column "${label.name}" has one value only in the ${number(looked)} rows looked at. Telling classes apart takes at least two.`,
    });
  }
  return warnings;
}

/** Rows that do not fit the columns: named before the import, left out or refused by it. */
export function raggedWarnings({ ragged = [], columns }: Table): Warning[] {
  const [first] = ragged;
  if (!first) return [];
  const message =
    ragged.length === 1
      ? `Row ${number(first.row)} (line ${number(first.line)}) has ${first.fields} fields, there are ${columns.length} columns. Leave it out, or mend the file.`
      : `${number(ragged.length)} rows have another number of fields than there are columns (${columns.length}): ${rowNumbers(ragged)}. Leave them out, or mend the file.`;
  return [{ row: first.row, message }];
}

function emptyWarning({ name, empty, emptyRows }: ColumnStats, lack: string, remedy: string): Warning {
  const rows = emptyRows.map(number).join(', ');
  const message =
    empty === 1
      ? `Row ${rows} has ${lack} in column "${name}". ${remedy.replace(/^They are/, 'It is').replace('Label them', 'Label it')}`
      : `${number(empty)} rows have ${lack} in column "${name}": ${rows}${empty > emptyRows.length ? ` and ${number(empty - emptyRows.length)} more` : ''}. ${remedy}`;
  return { row: emptyRows[0] ?? null, message };
}
