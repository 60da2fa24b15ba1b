import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { storeFault } from './database.ts';
import { readPrivate, writePrivate } from './private-file.ts';
import { keepPrivate } from './workspace.ts';

/** Who has a workspace open, and where it can be seen. Readable by its owner only: it holds the token. */
const holderSchema = z.object({
  pid: z.number().int(),
  /** Null: a desktop window, which has no address. */
  port: z.number().int().nullable(),
  token: z.string().nullable(),
});
export type Holder = z.infer<typeof holderSchema>;

export interface WorkspaceLock {
  /** Tells later starts who is here. */
  announce(holder: Holder): void;
  release(): void;
}

/** How long a first start may take to say where it is. */
const ANNOUNCE_MS = 10_000;

/**
 * Takes a workspace for this process, or says who has it. The lock is one that the system takes back when its process
 * ends, however it ends: nothing stale can stay behind. Throws `store/read-only`.
 */
export async function lockWorkspace(
  dir: string,
): Promise<{ lock: WorkspaceLock; holder?: never } | { holder: Holder; lock?: never }> {
  const file = path.join(dir, 'in-use.lock');
  const note = path.join(dir, 'in-use.json');
  const giveUpAt = Date.now() + ANNOUNCE_MS;
  for (;;) {
    const release = tryLock(dir, file);
    if (release) {
      rmSync(note, { force: true });
      return {
        lock: {
          announce: (holder) => writePrivate(note, holder),
          release: () => {
            rmSync(note, { force: true });
            release();
          },
        },
      };
    }
    const holder = readPrivate(note, holderSchema);
    if (holder) return { holder };
    if (Date.now() > giveUpAt) return { holder: { pid: 0, port: null, token: null } };
    await delay(50);
  }
}

/** The address that a browser opens: the token stands behind the #, which is never sent to a server. */
export function addressOf(port: number, token: string): string {
  return `http://127.0.0.1:${port}/#token=${token}`;
}

function tryLock(dir: string, file: string): (() => void) | null {
  let db: Database.Database | undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    db = new Database(file, { timeout: 0 });
    keepPrivate(file, 0o600);
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
    const held = db;
    return () => {
      held.exec('ROLLBACK');
      held.close();
    };
  } catch (error) {
    db?.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    throw storeFault(file, error);
  }
}
