import { basename } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import type { TableOptions } from './table-types.ts';

/** Words that name a column, and that no row of such a file begins with. */
const COLUMN_WORDS =
  /^(id|idx|index|text|texts|sentence\d?|review|comment|content|message|body|title|question\d?|premise|hypothesis|query|passage|text_pair|tweet|label|labels|class|category|target|stars?|rating|score|sentiment|emotion|intent|topic|split|set|fold|date|lang|language|source|url)$/i;
/** A column's name is hardly longer. */
const NAME_CHARACTERS = 60;
const MARKS = /[.!?…]["')\]]*$/;

/** Whether a field is a usual name of a column. */
export const isColumnWord = (field: string): boolean => COLUMN_WORDS.test(field.trim());

/**
 * Whether the first of some records names the columns. It does when a field is a usual name; it does not when a field is
 * empty where others are not, a number, as long as a text, or a value of its own column.
 */
function looksLikeHeader(records: readonly (readonly string[])[]): boolean {
  const [first = [], ...rest] = records;
  if (new Set(first).size < first.length) return false;
  if (first.some(isColumnWord)) return true;
  return first.every((field, column) => {
    const name = field.trim();
    if (name.length > NAME_CHARACTERS || MARKS.test(name)) return false;
    if (name !== '' && Number.isFinite(Number(name))) return false;
    return !rest.some((record) => record[column]?.trim() === name && name !== '');
  });
}

/** The names of a table's columns by its first records, and whether the first of these is what gives them. */
export function namedColumns(
  records: readonly (readonly string[])[],
  { columnNames, header = true, columnsNamed = [] }: TableOptions,
): { header: boolean; columns: string[] } {
  if (columnNames !== undefined) return { header: false, columns: [...columnNames] };
  const [first = []] = records;
  const named = columnsNamed.length > 0 && columnsNamed.every((column) => first.includes(column));
  const has = header === 'detect' ? named || looksLikeHeader(records) : header;
  const columns = first.map((field, i) => (!has || field.trim() === '' ? `column_${i + 1}` : field));
  return { header: has, columns };
}

/** Says that a title above a table is not read. */
export function titleNotes(file: string, above: number, unit: 'line' | 'row'): string[] {
  if (above === 0) return [];
  const [first, stand, are] = above === 1 ? [unit, 'stands', 'is'] : [`${above} ${unit}s`, 'stand', 'are'];
  return [`The first ${first} of ${basename(file)} ${stand} above the table and ${are} left out.`];
}

/** More than any table of texts has. */
export const MOST_COLUMNS = 10_000;

/** Throws `data/many-columns` and `data/duplicate-column`. `line`: where the columns stand, of files with lines. */
export function checkColumns(file: string, columns: readonly string[], line?: number): void {
  const name = basename(file);
  if (columns.length > MOST_COLUMNS)
    throw fault('data/many-columns', { file: name, line, columns: columns.length, most: MOST_COLUMNS });
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column)) throw fault('data/duplicate-column', { file: name, column });
    seen.add(column);
  }
}
