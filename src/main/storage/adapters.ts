import path from 'node:path';
import { z } from 'zod';
import { adapterSchema } from '../../shared/contract/adapters.ts';
import { fault } from '../../shared/faults/index.ts';
import { add, change, json, row, rows, run, Store } from './query.ts';

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
  /** Layers that it needs and that neither it nor its base has. */
  lost: z
    .object({ modules: z.array(z.string()), adapted: z.boolean() })
    .nullable()
    .default(null),
  /** Of a merged one: what it was merged from, and how. */
  parts: z.array(z.object({ id: z.string(), name: z.string(), weight: z.number() })).default([]),
  combination: z.record(z.string(), z.unknown()).nullable().default(null),
});
type AdapterFacts = z.infer<typeof factsSchema>;
export type KnownBase = NonNullable<AdapterFacts['base']>;

const columnsSchema = adapterSchema
  .pick({
    id: true,
    name: true,
    origin: true,
    experimentId: true,
    modelId: true,
    folder: true,
    peftType: true,
  })
  .extend({ sha256: z.string(), bytes: z.number(), facts: json(factsSchema) });
const rowSchema = columnsSchema
  .extend({
    modelName: z.string().nullable(),
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
SELECT a.*, coalesce(m.name, e.model_name) AS model_name,
  (SELECT count(*) FROM exports x WHERE x.source_id IN (a.id, a.experiment_id)) AS exports
FROM adapters a LEFT JOIN models m ON m.id = a.model_id LEFT JOIN experiments e ON e.id = a.experiment_id`;
const NEWEST_FIRST = 'ORDER BY a.created_at DESC, a.rowid DESC';

/** Adapters in the store: trained, imported and merged ones. */
export class AdapterStore extends Store {
  /** Newest first. */
  list(): ListedAdapter[] {
    return rows(this.db, rowSchema, `${SELECT} WHERE a.removed_at IS NULL ${NEWEST_FIRST}`);
  }

  /** Removed ones, whose files are there until storage is cleaned; not those that went with their experiment. */
  removed(): ListedAdapter[] {
    return rows(this.db, rowSchema, `${SELECT} WHERE a.removed_at IS NOT NULL AND e.removed_at IS NULL`);
  }

  /** Removed or not. */
  find(id: string): ListedAdapter | undefined {
    return row(this.db, rowSchema, `${SELECT} WHERE a.id = ?`, id);
  }

  /** Removed or not. Throws `store/unknown`. */
  read(id: string): ListedAdapter {
    const found = this.find(id);
    if (!found) throw fault('store/unknown', { kind: 'adapter', id });
    return found;
  }

  /** The adapter that an experiment trained, removed or not. */
  ofExperiment(experimentId: string): ListedAdapter | undefined {
    return row(this.db, rowSchema, `${SELECT} WHERE a.experiment_id = ? ${NEWEST_FIRST}`, experimentId);
  }

  /** The one whose files stand in `folder`. */
  inFolder(folder: string): ListedAdapter | undefined {
    const sql = `${SELECT} WHERE a.folder = ? AND a.removed_at IS NULL ${NEWEST_FIRST}`;
    return row(this.db, rowSchema, sql, folder);
  }

  /** A later one with the same id takes its place and keeps its name. */
  put(adapter: z.output<typeof columnsSchema>): void {
    const createdAt = Date.now();
    const { id, folder, peftType, sha256, bytes, facts } = adapter;
    if (this.find(id)) change(this.db, 'adapters', id, { folder, peftType, sha256, bytes, facts, createdAt });
    else add(this.db, 'adapters', { ...adapter, createdAt });
  }

  setFacts(id: string, facts: AdapterFacts): void {
    change(this.db, 'adapters', id, { facts });
  }

  rename(id: string, name: string): void {
    change(this.db, 'adapters', id, { name });
  }

  /** Those that no experiment holds, removed or not, lie in `folder` by their ids. */
  relocate(folder: string): void {
    const inside = path.join(folder, path.sep);
    const sql = `UPDATE adapters SET folder = @inside || id WHERE origin <> 'experiment' AND folder <> @inside || id`;
    run(this.db, sql, { inside });
  }

  /** `at`: milliseconds since 1970, or null to put it back. */
  setRemoved(id: string, at: number | null): void {
    change(this.db, 'adapters', id, { removedAt: at });
  }

  /** Drops what is known of adapters and their files. */
  forget(ids: readonly string[]): void {
    this.db.transaction(() => {
      for (const id of ids) {
        run(this.db, 'DELETE FROM files WHERE owner_id = ?', id);
        run(this.db, 'DELETE FROM adapters WHERE id = ?', id);
      }
    })();
  }
}
