import path from 'node:path';
import { z } from 'zod';
import type { Adapter } from '../../shared/contract/adapters.ts';
import { fault } from '../../shared/faults/index.ts';
import type { Db } from './database.ts';

/** What is known of an adapter beside its columns. */
const factsSchema = z.object({
  rank: z.number().nullable().default(null),
  labels: z.array(z.string()).default([]),
  /** The base as it was trained on. `sha256` null: it was not known then. `file`: of weights, where it is one. */
  base: z
    .object({
      name: z.string(),
      folder: z.string(),
      sha256: z.string().nullable(),
      file: z.string().nullable(),
    })
    .nullable()
    .default(null),
  /** Of a merged one: what it was merged from, and how. */
  parts: z.array(z.object({ id: z.string(), name: z.string(), weight: z.number() })).default([]),
  combination: z.record(z.string(), z.unknown()).nullable().default(null),
});
export type AdapterFacts = z.infer<typeof factsSchema>;
export type KnownBase = NonNullable<AdapterFacts['base']>;

export interface StoredAdapter {
  id: string;
  name: string;
  origin: Adapter['origin'];
  experimentId: string | null;
  modelId: string | null;
  folder: string;
  peftType: string;
  sha256: string;
  bytes: number;
  facts: AdapterFacts;
  createdAt: number;
  removedAt: number | null;
}

const rowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    origin: z.enum(['experiment', 'imported', 'merged']),
    experimentId: z.string().nullable(),
    modelId: z.string().nullable(),
    modelName: z.string().nullable(),
    folder: z.string(),
    peftType: z.string(),
    sha256: z.string(),
    bytes: z.number(),
    facts: z.string().transform((text) => factsSchema.parse(JSON.parse(text))),
    createdAt: z.number(),
    removedAt: z.number().nullable(),
    exports: z.number(),
  })
  .transform(({ modelName, ...rest }) => ({
    ...rest,
    modelName: modelName ?? rest.facts.base?.name ?? 'a model that is not known here',
  }));
export type ListedAdapter = z.infer<typeof rowSchema>;

const SELECT = `
SELECT a.id, a.name, a.origin, a.experiment_id AS experimentId, a.model_id AS modelId, a.folder, a.sha256, a.bytes,
  a.peft_type AS peftType, a.facts, a.created_at AS createdAt, a.removed_at AS removedAt,
  coalesce(m.name, e.model_name) AS modelName,
  (SELECT count(*) FROM exports x WHERE x.source_id IN (a.id, a.experiment_id)) AS exports
FROM adapters a LEFT JOIN models m ON m.id = a.model_id LEFT JOIN experiments e ON e.id = a.experiment_id`;

/** Adapters in the store: trained, imported and merged ones. */
export class AdapterStore {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  /** Newest first. */
  list(): ListedAdapter[] {
    const rows = this.db
      .prepare(`${SELECT} WHERE a.removed_at IS NULL ORDER BY a.created_at DESC, a.rowid DESC`)
      .all();
    return rows.map((row) => rowSchema.parse(row));
  }

  /** Removed ones, whose files are there until storage is cleaned; not those that went with their experiment. */
  removed(): ListedAdapter[] {
    const rows = this.db.prepare(`${SELECT} WHERE a.removed_at IS NOT NULL AND e.removed_at IS NULL`).all();
    return rows.map((row) => rowSchema.parse(row));
  }

  /** Removed or not. */
  find(id: string): ListedAdapter | undefined {
    const row = this.db.prepare(`${SELECT} WHERE a.id = ?`).get(id);
    return row === undefined ? undefined : rowSchema.parse(row);
  }

  /** Removed or not. Throws `store/unknown`. */
  read(id: string): ListedAdapter {
    const found = this.find(id);
    if (!found) throw fault('store/unknown', { kind: 'adapter', id });
    return found;
  }

  /** The adapter that an experiment trained, removed or not. */
  ofExperiment(experimentId: string): ListedAdapter | undefined {
    const row = this.db
      .prepare(`${SELECT} WHERE a.experiment_id = ? ORDER BY a.created_at DESC LIMIT 1`)
      .get(experimentId);
    return row === undefined ? undefined : rowSchema.parse(row);
  }

  /** The one whose files stand in `folder`. */
  inFolder(folder: string): ListedAdapter | undefined {
    const row = this.db
      .prepare(`${SELECT} WHERE a.folder = ? AND a.removed_at IS NULL ORDER BY a.created_at DESC LIMIT 1`)
      .get(folder);
    return row === undefined ? undefined : rowSchema.parse(row);
  }

  /** A later one with the same id takes its place and keeps its name. */
  put(adapter: Omit<StoredAdapter, 'createdAt' | 'removedAt'>): void {
    this.db
      .prepare(
        `INSERT INTO adapters (id, name, origin, experiment_id, model_id, folder, peft_type, sha256, bytes, facts, created_at)
         VALUES (@id, @name, @origin, @experimentId, @modelId, @folder, @peftType, @sha256, @bytes, @facts, @now)
         ON CONFLICT (id) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes, folder = excluded.folder,
           peft_type = excluded.peft_type, facts = excluded.facts, created_at = excluded.created_at`,
      )
      .run({ ...adapter, facts: JSON.stringify(adapter.facts), now: Date.now() });
  }

  setFacts(id: string, facts: AdapterFacts): void {
    this.db.prepare('UPDATE adapters SET facts = ? WHERE id = ?').run(JSON.stringify(facts), id);
  }

  rename(id: string, name: string): void {
    this.db.prepare('UPDATE adapters SET name = ? WHERE id = ?').run(name, id);
  }

  /** Those that no experiment holds, removed or not, lie in `folder` by their ids. */
  relocate(folder: string): void {
    const place = path.join(folder, path.sep);
    this.db
      .prepare(
        `UPDATE adapters SET folder = @place || id WHERE origin <> 'experiment' AND folder <> @place || id`,
      )
      .run({ place });
  }

  /** `at`: milliseconds since 1970, or null to put it back. */
  setRemoved(id: string, at: number | null): void {
    this.db.prepare('UPDATE adapters SET removed_at = ? WHERE id = ?').run(at, id);
  }

  /** Drops what is known of adapters and their files. */
  forget(ids: readonly string[]): void {
    this.db.transaction(() => {
      for (const id of ids) {
        this.db.prepare('DELETE FROM files WHERE owner_id = ?').run(id);
        this.db.prepare('DELETE FROM adapters WHERE id = ?').run(id);
      }
    })();
  }
}
