import { z } from 'zod';
import type { Db } from './database.ts';
import { json, run, value } from './query.ts';

const DRAFTS_KEY = 'experiment-drafts';
/** Where all windows had one draft. */
const OLD_DRAFT_KEY = 'experiment-draft';
/** Windows that are closed leave their drafts; the oldest ones go. */
const MOST_DRAFTS = 20;

/** The experiments that a person is putting together, one a window, the last changed first. */
function drafts(db: Db): { window: string; spec: unknown }[] {
  const kept = draftsSchema.safeParse(readSetting(db, DRAFTS_KEY));
  if (kept.success) return kept.data;
  const old = readSetting(db, OLD_DRAFT_KEY);
  return old === null ? [] : [{ window: '', spec: old }];
}
const draftsSchema = z.array(z.object({ window: z.string(), spec: z.unknown() }));

/** The draft of a window; of a new one the draft that was changed last, so that a restart goes on with it. */
export function readDraft(db: Db, window: string): unknown {
  const all = drafts(db);
  return (all.find((draft) => draft.window === window) ?? all[0])?.spec ?? null;
}

export function saveDraft(db: Db, window: string, spec: unknown): void {
  const others = drafts(db).filter((draft) => draft.window !== window);
  writeSetting(db, DRAFTS_KEY, [{ window, spec }, ...others].slice(0, MOST_DRAFTS));
}

/** The value kept under `key`, or null. */
export function readSetting(db: Db, key: string): unknown {
  return value(db, json(z.unknown()).optional(), 'SELECT value FROM settings WHERE key = ?', key) ?? null;
}

export const writeSetting = (db: Db, key: string, setting: unknown): void =>
  run(db, 'INSERT OR REPLACE INTO settings VALUES (?, ?)', key, JSON.stringify(setting));
