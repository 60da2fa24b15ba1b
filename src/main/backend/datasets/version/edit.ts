import { constants } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { storeFault } from '../../../storage/database.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import { sealVersion, type MadeVersion } from './finish.ts';
import { damageOf } from './open.ts';
import { INDEXES, prepareForWriting } from './schema.ts';

export interface Edits {
  /** New places by row. */
  labels?: ReadonlyMap<number, number>;
  splits?: ReadonlyMap<number, number>;
  /** Replaces the table of splits. */
  splitNames?: readonly string[];
}

const TELL_ROWS = 10_000;

/** A version with other labels or splits: a copy of the file in which nothing else changes. Throws `store/disk-full`. */
export async function editVersion(
  file: string,
  target: string,
  edits: Edits,
  tell: Tell,
): Promise<MadeVersion> {
  tell('Copying the rows', 0, 0);
  try {
    await copyFile(file, target, constants.COPYFILE_FICLONE);
    await chmod(target, 0o600);
    applyEdits(target, edits, tell);
  } catch (error) {
    throw storeFault(target, damageOf(file, error));
  }
  return sealVersion(target, tell);
}

function applyEdits(target: string, { labels, splits, splitNames }: Edits, tell: Tell): void {
  const db = new Database(target);
  try {
    prepareForWriting(db);
    db.exec('BEGIN');
    // Many rows: cheaper to make the indexes anew than to keep them right.
    const remade = ((labels?.size ?? 0) + (splits?.size ?? 0)) * 10 > countRows(db);
    if (remade) for (const index of Object.keys(INDEXES)) db.exec(`DROP INDEX ${index}`);
    let done = 0;
    const total = (labels?.size ?? 0) + (splits?.size ?? 0);
    for (const [column, places] of Object.entries({ label: labels, split: splits })) {
      const update = db.prepare(`UPDATE rows SET ${column} = ? WHERE row = ?`);
      for (const [row, place] of places ?? []) {
        update.run(place, row);
        if (++done % TELL_ROWS === 0) tell('Changing rows', done, total);
      }
    }
    if (splitNames) {
      db.exec('DELETE FROM splits');
      const insert = db.prepare('INSERT INTO splits (place, name) VALUES (?, ?)');
      splitNames.forEach((name, place) => insert.run(place, name));
    }
    if (remade) for (const sql of Object.values(INDEXES)) db.exec(sql);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

function countRows(db: Database.Database): number {
  return db.prepare<[], number>('SELECT count(*) FROM rows').pluck().get() ?? 0;
}
