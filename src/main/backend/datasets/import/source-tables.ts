import { given } from '../../../../shared/fields.ts';
import { openTable, type Table } from '../../../engine/data/table.ts';

/** The files of a source, all of them on this machine. */
export interface SourceFiles {
  files: { path: string; split: string | null }[];
  delimiter?: string | undefined;
  encoding?: string | undefined;
  columnNames?: string[] | undefined;
  header?: boolean | undefined;
  /** Of class numbers, by column, as the card of a hub data set says; those of a file itself come first. */
  classNames?: Record<string, string[]> | undefined;
}

/** One of the files as a table; a header is looked for where nothing is said. Throws what `openTable` throws. */
export async function openSourceTable(
  source: SourceFiles,
  path: string,
  raggedRows: 'refuse' | 'leave-out' = 'refuse',
  doubtfulEncoding: 'refuse' | 'note' = 'refuse',
): Promise<Table> {
  const { delimiter, encoding, columnNames, classNames, header = 'detect' } = source;
  const table = await openTable(path, {
    header,
    doubtfulEncoding,
    raggedRows: raggedRows === 'leave-out' ? 'leave_out' : 'refuse',
    ...given({ delimiter, encoding, columnNames }),
  });
  if (classNames) table.classNames = { ...classNames, ...table.classNames };
  return table;
}
