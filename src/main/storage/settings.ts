import type { Db } from './database.ts';

/** The experiment that a person is putting together. */
export const DRAFT_KEY = 'experiment-draft';

/** The value kept under `key`, or null. */
export function readSetting(db: Db, key: string): unknown {
  const value = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck().get(key);
  return value === undefined ? null : (JSON.parse(value) as unknown);
}

export function writeSetting(db: Db, key: string, value: unknown): void {
  db.prepare('INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value').run(
    key,
    JSON.stringify(value),
  );
}
