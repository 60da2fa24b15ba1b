import Database from 'better-sqlite3';
import type { FindingCode } from '../../../shared/contract/datasets.ts';
import { openReadOnly, storeFault, type Db } from '../database.ts';
import { keepPrivate } from '../workspace.ts';
import { prepareForWriting } from './schema.ts';

/** Rows in groups, by finding: a group holds rows that belong together, such as equal texts. */
export type FoundRows = Partial<Record<FindingCode, readonly (readonly number[])[]>>;

/** Writes the rows of all findings. Throws `store/disk-full`. */
export function writeFindings(file: string, found: FoundRows): void {
  const db: Db = new Database(file);
  keepPrivate(file, 0o600);
  try {
    prepareForWriting(db);
    db.exec(`CREATE TABLE finding_rows (
      code TEXT NOT NULL, place INTEGER NOT NULL, row INTEGER NOT NULL, group_number INTEGER NOT NULL,
      PRIMARY KEY (code, place)
    ) STRICT, WITHOUT ROWID`);
    const insert = db.prepare('INSERT INTO finding_rows VALUES (?, ?, ?, ?)');
    db.exec('BEGIN');
    for (const [code, groups] of Object.entries(found)) {
      let place = 0;
      groups.forEach((rows, group) => rows.forEach((row) => insert.run(code, place++, row, group)));
    }
    db.exec('COMMIT');
  } catch (error) {
    throw storeFault(file, error);
  } finally {
    db.close();
  }
}

/** The groups of one finding. */
export function readFinding(file: string, code: FindingCode): number[][] {
  const db = openReadOnly(file);
  try {
    const sql = 'SELECT row, group_number FROM finding_rows WHERE code = ? ORDER BY place';
    const groups: number[][] = [];
    for (const [row, group] of db.prepare<[string], [number, number]>(sql).raw().iterate(code))
      (groups[group] ??= []).push(row);
    return groups;
  } finally {
    db.close();
  }
}
