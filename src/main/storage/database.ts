import { copyFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { fault, Fault } from '../../shared/faults/index.ts';
import { migrations } from './migrations/index.ts';

export type Db = Database.Database;

/**
 * Opens the state of a workspace for writing and brings it to this version's schema; a copy is made before.
 * Throws `store/newer`, `store/damaged`, `store/read-only`.
 */
export function openDatabase(file: string): Db {
  let db: Db | undefined;
  try {
    db = new Database(file);
    const found = Number(db.pragma('user_version', { simple: true }));
    if (found > migrations.length) throw fault('store/newer', { file, found, known: migrations.length });
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma('busy_timeout = 5000');
    migrate(db, file, found);
    return db;
  } catch (error) {
    db?.close();
    throw storeFault(file, error);
  }
}

/** Opens a SQLite file that nothing may change: a data set version, or the state in a worker thread. */
export function openReadOnly(file: string): Db {
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    db.pragma('query_only = ON');
    return db;
  } catch (error) {
    throw storeFault(file, error);
  }
}

function migrate(db: Db, file: string, found: number): void {
  if (found === migrations.length) return;
  if (found > 0) {
    db.pragma('wal_checkpoint(TRUNCATE)');
    copyFileSync(file, `${file}.before-${found + 1}`);
  }
  db.transaction(() => {
    // Another process may have done it in the meantime.
    const now = Number(db.pragma('user_version', { simple: true }));
    for (const { sql } of migrations.slice(now)) db.exec(sql);
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}

/** SQLite's errors in a person's words; anything else as it is. */
export function storeFault(file: string, error: unknown): unknown {
  if (error instanceof TypeError && error.message.includes('directory does not exist')) {
    return fault('store/gone', { dir: path.dirname(file) }, error);
  }
  if (error instanceof Fault || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return fault('store/disk-full', { file }, error);
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'EACCES') {
    return fault('store/read-only', { file }, error);
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_ERROR') {
    return fault('store/damaged', { file, detail: error.message }, error);
  }
  return error;
}
