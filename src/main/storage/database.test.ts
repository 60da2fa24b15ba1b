import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemFault } from '../../shared/faults/system.ts';
import { openDatabase, openReadOnly } from './database.ts';
import { readVersion } from './datasets.ts';
import { migrations } from './migrations/index.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'graft-store-'));
  file = path.join(dir, 'graft.db');
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('openDatabase', () => {
  it('makes a store of the newest schema, in WAL, with foreign keys and strict tables', () => {
    const db = openDatabase(file);
    expect(db.pragma('user_version', { simple: true })).toBe(migrations.length);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    const tables = db.pragma('table_list') as {
      name: string;
      type: string;
      strict: number;
      schema: string;
    }[];
    const own = tables.filter(({ name, type }) => type === 'table' && !name.startsWith('sqlite_'));
    expect(own.length).toBeGreaterThan(8);
    expect(own.filter(({ strict }) => strict !== 1)).toEqual([]);
    db.close();
  });

  it('brings a store of every older schema to the newest one and keeps a copy of what it was', () => {
    for (let version = 1; version < migrations.length; version++) {
      const old = path.join(dir, `at-${version}.db`);
      const before = new Database(old);
      for (const { sql } of migrations.slice(0, version)) before.exec(sql);
      before.pragma(`user_version = ${version}`);
      before.prepare("INSERT INTO settings VALUES ('kept', '1')").run();
      before.close();
      const db = openDatabase(old);
      expect(db.prepare('SELECT value FROM settings').pluck().get()).toBe('1');
      db.close();
      expect(existsSync(`${old}.before-${version + 1}`)).toBe(true);
    }
  });

  it('knows which versions of before are rows of the hub as they stand', () => {
    const before = new Database(file);
    for (const { sql } of migrations.slice(0, 6)) before.exec(sql);
    before.pragma('user_version = 6');
    const versions = [
      ['whole', 1, 'org/mails (plain)', 'Imported from org/mails (plain)'],
      ['changed', 2, 'org/mails (plain)', '3 labels corrected'],
      ['file', 1, 'mails (1).csv', 'Imported from mails (1).csv'],
    ] as const;
    for (const [id, number, source, change] of versions) {
      before.prepare('INSERT INTO datasets VALUES (?, ?, ?, 1, NULL)').run(id, id, source);
      before
        .prepare(
          `INSERT INTO dataset_versions (id, dataset_id, number, sha256, file, rows, bytes, facts, change, created_at)
           VALUES (?, ?, ?, ?, 'a.db', 1, 1, '{}', ?, 1)`,
        )
        .run(id, id, number, 'a'.repeat(64), change);
    }
    before.close();
    const db = openDatabase(file);
    expect(versions.map(([id]) => readVersion(db, id)?.hub)).toEqual([
      { hubId: 'org/mails', config: 'plain' },
      null,
      null,
    ]);
    db.close();
  });

  it('refuses a newer schema and leaves it as it is', () => {
    const newer = new Database(file);
    newer.pragma(`user_version = ${migrations.length + 1}`);
    newer.close();
    const bytes = readFileSync(file);
    expect(() => openDatabase(file)).toThrow(/was written by a newer Graft/);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('refuses a file that is no database, and one that was cut short', () => {
    writeFileSync(file, 'this is a text, not a database, and long enough to be looked at as one'.repeat(20));
    expect(() => openDatabase(file)).toThrow(/is not a whole Graft database/);
    rmSync(file);
    const db = openDatabase(file);
    const insert = db.prepare('INSERT INTO settings VALUES (?, ?)');
    for (let i = 0; i < 500; i++) insert.run(`key ${i}`, 'value '.repeat(100));
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    truncateSync(file, 20_000);
    expect(() => openDatabase(file)).toThrow(/is not a whole Graft database/);
  });

  it('refuses a store without one of its tables, and an emptied one beside what it held', () => {
    const db = openDatabase(file);
    db.exec('PRAGMA foreign_keys = OFF; DROP TABLE experiments');
    db.close();
    expect(() => openDatabase(file)).toThrow(
      `${file} is not a whole Graft database: it has no table experiments.`,
    );
    rmSync(file);
    writeFileSync(file, '');
    // A first start that was cut off leaves an empty file and nothing else.
    openDatabase(file).close();
    writeFileSync(file, '');
    for (const name of ['graft.db-wal', 'graft.db-shm']) rmSync(path.join(dir, name), { force: true });
    mkdirSync(path.join(dir, 'datasets'));
    writeFileSync(path.join(dir, 'datasets', 'a.db'), 'rows');
    expect(() => openDatabase(file)).toThrow('it is empty, and the workspace is not');
  });

  it('is told of a store that another program has locked, of one without room and of one that is damaged', () => {
    const db = openDatabase(file);
    db.pragma('busy_timeout = 0');
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const write = (): unknown => db.prepare("INSERT INTO settings VALUES ('a', '1')").run();
    const found = (work: () => unknown): string => {
      try {
        work();
      } catch (error) {
        return (systemFault(error, file) ?? { code: 'a defect' }).code;
      }
      return 'nothing';
    };
    expect(found(write)).toBe('store/locked');
    other.exec('ROLLBACK');
    other.exec('DROP TABLE exports');
    other.close();
    expect(found(() => db.prepare('SELECT * FROM exports').all())).toBe('store/damaged');
    db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
    const fill = db.prepare('INSERT INTO settings VALUES (?, ?)');
    expect(found(() => Array.from({ length: 99 }, (_, i) => fill.run(`k${i}`, 'v'.repeat(5000))))).toBe(
      'store/disk-full',
    );
    db.close();
  });

  it('says that a workspace is gone, and that a place where nothing can be written cannot be used', () => {
    expect(() => openDatabase(path.join(dir, 'gone', 'graft.db'))).toThrow(/gone is gone/);
    expect(() => openDatabase(dir)).toThrow(/cannot be written/);
  });

  it('keeps what was committed when the process is killed in the middle of a transaction', () => {
    openDatabase(file).close();
    const script = `
      const { openDatabase } = await import(${JSON.stringify(new URL('./database.ts', import.meta.url).href)});
      const db = openDatabase(${JSON.stringify(file)});
      db.prepare("INSERT INTO settings VALUES ('whole', '1')").run();
      db.exec("BEGIN; INSERT INTO settings VALUES ('half', '1')");
      process.kill(process.pid, 'SIGKILL');`;
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    expect(ended.signal).toBe('SIGKILL');
    const db = openDatabase(file);
    expect(db.prepare('SELECT key FROM settings').pluck().all()).toEqual(['whole']);
    db.close();
  });
});

describe('openReadOnly', () => {
  it('reads and refuses to write', () => {
    openDatabase(file).close();
    const db = openReadOnly(file);
    expect(db.prepare('SELECT count(*) FROM settings').pluck().get()).toBe(0);
    expect(() => db.prepare("INSERT INTO settings VALUES ('a', '1')").run()).toThrow(/readonly/);
    db.close();
  });

  it('does not make a file that is not there', () => {
    expect(() => openReadOnly(path.join(dir, 'none.db'))).toThrow();
    expect(existsSync(path.join(dir, 'none.db'))).toBe(false);
  });
});
