import { z } from 'zod';
import { rows, run, Store, value } from './query.ts';

export interface KnownFile {
  path: string;
  kind: 'adapter' | 'checkpoint' | 'experiment';
  owner: string;
  sha256: string;
  bytes: number;
}

/** What experiments leave beside their answers: adapters, and the files that the store answers for. */
export class ResultStore extends Store {
  /** The adapter of an experiment, removed or not. */
  adapterOf(id: string): string | null {
    const sql = 'SELECT id FROM adapters WHERE experiment_id = ? ORDER BY created_at DESC LIMIT 1';
    return value(this.db, z.string().optional(), sql, id) ?? null;
  }

  /** Takes an experiment's adapter out of the library with it, or brings it back. */
  setAdapterRemoved(experimentId: string, time: number | null): void {
    run(this.db, 'UPDATE adapters SET removed_at = ? WHERE experiment_id = ?', time, experimentId);
  }

  /** Replaces what is known of the files of these owners. */
  putFiles(owners: readonly string[], files: readonly KnownFile[]): void {
    const add = this.db.prepare(
      'INSERT OR REPLACE INTO files VALUES (@path, @kind, @owner, @sha256, @bytes)',
    );
    this.db.transaction(() => {
      for (const owner of owners) run(this.db, 'DELETE FROM files WHERE owner_id = ?', owner);
      for (const file of files) add.run(file);
    })();
  }

  files(owners: readonly string[]): { path: string; bytes: number }[] {
    const sql = 'SELECT path, bytes FROM files WHERE owner_id = ? ORDER BY path';
    return owners.flatMap((owner) => rows(this.db, fileRow, sql, owner));
  }
}

const fileRow = z.object({ path: z.string(), bytes: z.number() });
