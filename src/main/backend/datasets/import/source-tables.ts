import { openTable, type Table } from '../../../engine/data/table.ts';

/** The files of a source, all of them on this machine. */
export interface SourceFiles {
  files: { path: string; split: string | null }[];
  delimiter?: string | undefined;
  encoding?: string | undefined;
  columnNames?: string[] | undefined;
  header?: boolean | undefined;
}

/** One of the files as a table; a header is looked for where nothing is said. Throws what `openTable` throws. */
export function openSourceTable(source: SourceFiles, path: string): Promise<Table> {
  const { delimiter, encoding, columnNames, header = 'detect' } = source;
  return openTable(path, {
    header,
    ...(delimiter !== undefined && { delimiter }),
    ...(encoding !== undefined && { encoding }),
    ...(columnNames !== undefined && { columnNames }),
  });
}

/** A cell as a person reads it; empty for none. */
export function cellText(value: unknown): string {
  if (value == null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value);
}
