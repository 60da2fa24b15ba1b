import { z } from 'zod';
import type { Db } from './database.ts';

export interface KnownFile {
  path: string;
  kind: 'adapter' | 'checkpoint' | 'experiment';
  owner: string;
  sha256: string;
  bytes: number;
}

/** What experiments leave beside their answers: adapters, and the files that the store answers for. */
export class ResultStore {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  /** The adapter of an experiment, removed or not. */
  adapterOf(id: string): string | null {
    const find = this.db.prepare<[string], string>(
      'SELECT id FROM adapters WHERE experiment_id = ? ORDER BY created_at DESC LIMIT 1',
    );
    return find.pluck().get(id) ?? null;
  }

  /** Takes an experiment's adapter out of the library with it, or brings it back. */
  setAdapterRemoved(experimentId: string, time: number | null): void {
    this.db.prepare('UPDATE adapters SET removed_at = ? WHERE experiment_id = ?').run(time, experimentId);
  }

  /** Replaces what is known of the files of these owners. */
  putFiles(owners: readonly string[], files: readonly KnownFile[]): void {
    const remove = this.db.prepare('DELETE FROM files WHERE owner_id = ?');
    const add = this.db.prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)');
    this.db.transaction(() => {
      for (const owner of owners) remove.run(owner);
      for (const { path, kind, owner, sha256, bytes } of files) add.run(path, kind, owner, sha256, bytes);
    })();
  }

  files(owners: readonly string[]): { path: string; bytes: number }[] {
    const find = this.db.prepare('SELECT path, bytes FROM files WHERE owner_id = ? ORDER BY path');
    return owners.flatMap((owner) => z.array(fileRow).parse(find.all(owner)));
  }
}

const fileRow = z.object({ path: z.string(), bytes: z.number() });
