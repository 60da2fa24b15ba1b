import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { fault } from '../../shared/faults/index.ts';
import { systemFault } from '../../shared/faults/system.ts';
import { migrations } from './migrations/index.ts';
import { keepPrivate } from './workspace.ts';

export type Db = Database.Database;

/**
 * Opens the state of a workspace for writing and brings it to this version's schema; a copy is made before.
 * Throws `store/newer`, `store/damaged`, `store/locked`, `store/read-only`, `store/disk-full`.
 */
export function openDatabase(file: string): Db {
  let db: Db | undefined;
  try {
    if (isEmptied(file))
      throw fault('store/damaged', { file, detail: 'it is empty, and the workspace is not' });
    db = new Database(file);
    keepPrivate(file, 0o600);
    const found = Number(db.pragma('user_version', { simple: true }));
    if (found > migrations.length) throw fault('store/newer', { file, found, known: migrations.length });
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma('busy_timeout = 5000');
    migrate(db, file, found);
    const missing = missingTables(db);
    if (missing.length > 0)
      throw fault('store/damaged', { file, detail: `it has no table ${missing.join(', ')}` });
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

/** Whether another connection has written since it was asked last. */
export function otherWrites(db: Db): () => boolean {
  const version = (): unknown => db.pragma('data_version', { simple: true });
  let known = version();
  return () => known !== (known = version());
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
  const known = systemFault(error, file);
  if (known) return known;
  // Its own statements are not at fault while a file is opened and brought up to date.
  const isRefused = error instanceof Error && 'code' in error && error.code === 'SQLITE_ERROR';
  return isRefused ? fault('store/damaged', { file, detail: error.message }, error) : error;
}

/** Whether a file without a byte stands where others of the workspace say that there was a store. */
function isEmptied(file: string): boolean {
  if (!existsSync(file) || statSync(file).size > 0 || existsSync(`${file}-wal`)) return false;
  const made = ['datasets', 'experiments', 'adapters'].map((name) => path.join(path.dirname(file), name));
  return made.some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
}

let tables: readonly string[] | undefined;
const tableNames = (db: Db): string[] =>
  db.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();

/** Tables of the newest schema that a store of that schema lacks. */
function missingTables(db: Db): string[] {
  if (!tables) {
    const whole = new Database(':memory:');
    for (const { sql } of migrations) whole.exec(sql);
    tables = tableNames(whole);
    whole.close();
  }
  const there = tableNames(db);
  return tables.filter((name) => !there.includes(name));
}

/** How many of each kind a workspace lists. */
export function countAll(db: Db) {
  const count = (what: string): number =>
    db.prepare<[], number>(`SELECT count(*) FROM ${what}`).pluck().get() ?? 0;
  const listed = (table: string): number => count(`${table} WHERE removed_at IS NULL`);
  return {
    datasets: listed('datasets'),
    models: listed('models'),
    experiments: listed('experiments'),
    adapters: listed('adapters'),
    exports: count('exports'),
  };
}
