import { z } from 'zod';
import type { Model } from '../../shared/contract/models.ts';
import type { Db } from './database.ts';

/** A file of weights: a change of size or time asks for the hash. */
const weightFileSchema = z.object({ name: z.string(), bytes: z.number(), modifiedMs: z.number() });

/** What was read of a model's files when it was added. */
export const modelFactsSchema = z.object({
  architecture: z.string(),
  unsupported: z.string().nullable(),
  parameters: z.number(),
  layers: z.number().nullable(),
  hiddenSize: z.number().nullable(),
  maxLength: z.number().nullable(),
  headLabels: z.array(z.string()).nullable(),
  otherHead: z.string().nullable().default(null),
  licence: z.string().nullable(),
  /** One file, or shards. */
  weights: z.array(weightFileSchema),
  /** The files as they were when their hash was found to be another than the model's. */
  changedTo: z.array(weightFileSchema).nullable(),
});
export type ModelFacts = z.infer<typeof modelFactsSchema>;

export interface StoredModel {
  id: string;
  name: string;
  source: Model['source'];
  hubId: string | null;
  revision: string | null;
  folder: string;
  facts: ModelFacts;
  /** Of the weights; null until it is known. */
  sha256: string | null;
  bytes: number;
  addedAt: number;
}

const rowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    source: z.enum(['folder', 'hub', 'cache', 'sample']),
    hub_id: z.string().nullable(),
    revision: z.string().nullable(),
    folder: z.string(),
    facts: z.string().transform((text) => modelFactsSchema.parse(JSON.parse(text))),
    sha256: z.string().nullable(),
    bytes: z.number(),
    added_at: z.number(),
    experiments: z.number(),
  })
  .transform(({ hub_id: hubId, added_at: addedAt, ...rest }) => ({ ...rest, hubId, addedAt }));

const COLUMNS = `id, name, source, hub_id, revision, folder, facts, sha256, bytes, added_at,
  (SELECT count(*) FROM experiments e WHERE e.model_id = models.id AND e.removed_at IS NULL) AS experiments`;

/** The models of a workspace. One that was removed keeps its row, for the experiments that used it and to be put back. */
export class ModelStore {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  /** Newest first. */
  list(): (StoredModel & { experiments: number })[] {
    const rows = this.db
      .prepare(`SELECT ${COLUMNS} FROM models WHERE removed_at IS NULL ORDER BY added_at DESC, id`)
      .all();
    return rows.map((row) => rowSchema.parse(row));
  }

  /** Also one that was removed. */
  read(id: string | null): (StoredModel & { experiments: number }) | null {
    const row = this.db.prepare(`SELECT ${COLUMNS} FROM models WHERE id = ?`).get(id);
    return row === undefined ? null : rowSchema.parse(row);
  }

  isRemoved(id: string): boolean {
    const at = this.db.prepare('SELECT removed_at FROM models WHERE id = ?').pluck().get(id);
    return typeof at === 'number';
  }

  /** Removed ones too, newest first: the same folder added again is the same model. */
  inFolder(folder: string): (StoredModel & { experiments: number })[] {
    const rows = this.db
      .prepare(`SELECT ${COLUMNS} FROM models WHERE folder = ? ORDER BY added_at DESC`)
      .all(folder);
    return rows.map((row) => rowSchema.parse(row));
  }

  insert(model: StoredModel): void {
    this.db
      .prepare(
        `INSERT INTO models (id, name, source, hub_id, revision, folder, facts, sha256, bytes, added_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        model.id,
        model.name,
        model.source,
        model.hubId,
        model.revision,
        model.folder,
        JSON.stringify(model.facts),
        model.sha256,
        model.bytes,
        model.addedAt,
      );
  }

  setFacts(id: string, facts: ModelFacts, sha256: string | null): void {
    this.db
      .prepare('UPDATE models SET facts = ?, sha256 = ? WHERE id = ?')
      .run(JSON.stringify(facts), sha256, id);
  }

  /** `at`: milliseconds since 1970, or null to put it back. */
  setRemoved(id: string, at: number | null): void {
    this.db.prepare('UPDATE models SET removed_at = ? WHERE id = ?').run(at, id);
  }

  /** Names of experiments that wait for the model or run on it. */
  usedNowBy(id: string): string[] {
    return this.db
      .prepare(
        `SELECT name FROM experiments WHERE model_id = ? AND removed_at IS NULL
         AND state IN ('queued', 'starting', 'running', 'paused', 'interrupted')`,
      )
      .pluck()
      .all(id)
      .map(String);
  }
}
