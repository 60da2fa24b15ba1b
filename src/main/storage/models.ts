import { z } from 'zod';
import { modelSchema } from '../../shared/contract/models.ts';
import { add, change, column, json, row, rows, Store, value } from './query.ts';

/** A file of weights: a change of size or time asks for the hash. */
const weightFileSchema = z.object({ name: z.string(), bytes: z.number(), modifiedMs: z.number() });

/** What was read of a model's files when it was added. */
const modelFactsSchema = modelSchema
  .pick({ architecture: true, unsupported: true, parameters: true, layers: true, hiddenSize: true })
  .extend({
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

const storedSchema = modelSchema
  .pick({
    id: true,
    name: true,
    source: true,
    hubId: true,
    revision: true,
    folder: true,
    bytes: true,
    addedAt: true,
  })
  .extend({
    /** Of the weights; null until it is known. */
    sha256: z.string().nullable(),
    facts: json(modelFactsSchema),
  });
export type StoredModel = z.infer<typeof storedSchema>;
const rowSchema = storedSchema.extend({ experiments: z.number() });
type ListedModel = z.infer<typeof rowSchema>;

const SELECT = `SELECT *,
  (SELECT count(*) FROM experiments e WHERE e.model_id = models.id AND e.removed_at IS NULL) AS experiments FROM models`;

/** The models of a workspace. One that was removed keeps its row, for the experiments that used it and to be put back. */
export class ModelStore extends Store {
  /** Newest first. */
  list(): ListedModel[] {
    return rows(this.db, rowSchema, `${SELECT} WHERE removed_at IS NULL ORDER BY added_at DESC, id`);
  }

  /** Also one that was removed. */
  read(id: string | null): ListedModel | null {
    return row(this.db, rowSchema, `${SELECT} WHERE id = ?`, id) ?? null;
  }

  isRemoved(id: string): boolean {
    return value(this.db, z.number().nullish(), 'SELECT removed_at FROM models WHERE id = ?', id) != null;
  }

  /** Removed ones too, newest first: the same folder added again is the same model. */
  inFolder(folder: string): ListedModel[] {
    return rows(this.db, rowSchema, `${SELECT} WHERE folder = ? ORDER BY added_at DESC`, folder);
  }

  insert(model: StoredModel): void {
    add(this.db, 'models', model);
  }

  setFacts(id: string, facts: ModelFacts, sha256: string | null): void {
    change(this.db, 'models', id, { facts, sha256 });
  }

  /** `at`: milliseconds since 1970, or null to put it back. */
  setRemoved(id: string, at: number | null): void {
    change(this.db, 'models', id, { removedAt: at });
  }

  /** Names of experiments that wait for the model or run on it. */
  usedNowBy(id: string): string[] {
    const sql = `SELECT name FROM experiments WHERE model_id = ? AND removed_at IS NULL
      AND state IN ('queued', 'starting', 'running', 'paused', 'interrupted')`;
    return column(this.db, z.string(), sql, id);
  }
}
