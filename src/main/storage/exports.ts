import { z } from 'zod';
import {
  exportTargetSchema,
  exportedTargetSchema,
  proofSchema,
  snippetSchema,
  type Export,
  type ExportedTarget,
  type ExportSource,
  type ExportTarget,
} from '../../shared/contract/exports.ts';
import { fault } from '../../shared/faults/index.ts';
import type { Db } from './database.ts';

export type StoredExport = Omit<Export, 'jobId'>;

const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((text) => schema.parse(JSON.parse(text)));

const exportRow = z.object({
  id: z.string(),
  name: z.string(),
  sourceKind: z.enum(['experiment', 'adapter']),
  sourceId: z.string(),
  modelName: z.string(),
  folder: z.string(),
  createdAt: z.number(),
});
const targetRow = z.object({
  exportId: z.string(),
  target: exportTargetSchema,
  state: exportedTargetSchema.shape.state,
  folder: z.string(),
  bytes: z.number(),
  reason: z.string().nullable(),
  proof: json(proofSchema).nullable(),
  snippets: json(z.array(snippetSchema)),
  verifiedAt: z.number().nullable(),
});

const EXPORTS = `SELECT id, name, source_kind AS sourceKind, source_id AS sourceId, model_name AS modelName, folder,
  created_at AS createdAt FROM exports`;
const TARGETS = `SELECT export_id AS exportId, target, state, folder, bytes, reason, proof, snippets,
  verified_at AS verifiedAt FROM export_targets`;

/** What changes of a target. `seconds`: what writing and proving it took. */
export type TargetChange = Partial<Omit<ExportedTarget, 'target'>> & { seconds?: number };

/** Exports in the store, each with its targets in the order asked for. */
export class ExportStore {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  /** Newest first. */
  list(): StoredExport[] {
    const targets = new Map<string, ExportedTarget[]>();
    for (const row of this.db.prepare(`${TARGETS} ORDER BY export_id, place`).all()) {
      const { exportId, ...target } = targetRow.parse(row);
      targets.set(exportId, [...(targets.get(exportId) ?? []), target]);
    }
    const rows = this.db.prepare(`${EXPORTS} ORDER BY created_at DESC, rowid DESC`).all();
    return rows.map((row) => exportOf(row, (id) => targets.get(id) ?? []));
  }

  /** Throws `store/unknown`. */
  read(id: string): StoredExport {
    const row = this.db.prepare(`${EXPORTS} WHERE id = ?`).get(id);
    if (row === undefined) throw fault('store/unknown', { kind: 'export', id });
    return exportOf(row, () =>
      this.db
        .prepare(`${TARGETS} WHERE export_id = ? ORDER BY place`)
        .all(id)
        .map((line) => {
          const { exportId: _, ...target } = targetRow.parse(line);
          return target;
        }),
    );
  }

  ids(): string[] {
    return this.db.prepare<[], string>('SELECT id FROM exports').pluck().all();
  }

  /** Whether there still is one. */
  has(id: string): boolean {
    return this.db.prepare('SELECT 1 FROM exports WHERE id = ?').get(id) !== undefined;
  }

  insert({ id, name, source, modelName, folder, targets, createdAt }: StoredExport): void {
    this.db.transaction(() => {
      this.db
        .prepare('INSERT INTO exports VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(id, name, source.kind, source.id, modelName, folder, createdAt);
      const add = this.db.prepare(
        `INSERT INTO export_targets (export_id, target, place, state, folder, bytes, reason, proof, snippets, verified_at)
         VALUES (@id, @target, @place, @state, @folder, @bytes, @reason, @proof, @snippets, @verifiedAt)`,
      );
      for (const [place, { proof, snippets, ...target }] of targets.entries())
        add.run({
          ...target,
          id,
          place,
          proof: proof && JSON.stringify(proof),
          snippets: JSON.stringify(snippets),
        });
    })();
  }

  update(id: string, target: ExportTarget, { seconds, proof, snippets, ...change }: TargetChange): void {
    const columns: Record<string, unknown> = {
      state: change.state,
      folder: change.folder,
      bytes: change.bytes,
      reason: change.reason,
      verified_at: change.verifiedAt,
      // The time stands with the proof: it is only asked of targets that were proved.
      proof: proof && JSON.stringify({ ...proof, ...(seconds === undefined ? {} : { seconds }) }),
      snippets: snippets && JSON.stringify(snippets),
    };
    const given = Object.entries(columns).filter(([, value]) => value !== undefined);
    if (given.length === 0) return;
    this.db
      .prepare(
        `UPDATE export_targets SET ${given.map(([key]) => `${key} = ?`).join(', ')} WHERE export_id = ? AND target = ?`,
      )
      .run(...given.map(([, value]) => value), id, target);
  }

  /** Ends what nothing writes any more. */
  cancelUnfinished(ids: readonly string[]): void {
    const end = this.db.prepare(
      `UPDATE export_targets SET state = 'cancelled' WHERE export_id = ? AND state IN ('waiting', 'writing')`,
    );
    for (const id of ids) end.run(id);
  }

  /** Exports of which something is still to be written, as far as the store knows. */
  unfinished(): string[] {
    return this.db
      .prepare<[], string>(
        `SELECT DISTINCT export_id FROM export_targets WHERE state IN ('waiting', 'writing')`,
      )
      .pluck()
      .all();
  }

  remove(id: string): void {
    this.db.prepare('DELETE FROM files WHERE owner_id = ?').run(id);
    this.db.prepare('DELETE FROM exports WHERE id = ?').run(id);
  }

  setFolder(id: string, from: string, to: string): void {
    this.db.transaction(() => {
      this.db.prepare('UPDATE exports SET folder = ? WHERE id = ?').run(to, id);
      this.db
        .prepare(
          'UPDATE export_targets SET folder = ? || substr(folder, length(?) + 1) WHERE export_id = ? AND substr(folder, 1, length(?)) = ?',
        )
        .run(to, from, id, from, from);
      this.db
        .prepare(`UPDATE files SET path = ? || substr(path, length(?) + 1) WHERE owner_id = ?`)
        .run(to, from, id);
    })();
  }

  /** Seconds that a target took the last time that one of this base was proved. */
  secondsOf(target: ExportTarget, modelName: string): number | null {
    const seconds = this.db
      .prepare<[string, string], number>(
        `SELECT json_extract(t.proof, '$.seconds') FROM export_targets t JOIN exports x ON x.id = t.export_id
         WHERE t.target = ? AND x.model_name = ? AND json_extract(t.proof, '$.seconds') IS NOT NULL
         ORDER BY x.created_at DESC LIMIT 1`,
      )
      .pluck()
      .get(target, modelName);
    return seconds ?? null;
  }

  /** Hashes of what an export wrote and that has no proof of its own: the proofs themselves, and scripts. */
  putHashes(id: string, files: readonly { path: string; sha256: string; bytes: number }[]): void {
    const add = this.db.prepare(`INSERT OR REPLACE INTO files VALUES (?, 'export', ?, ?, ?)`);
    this.db.transaction(() => {
      for (const { path, sha256, bytes } of files) add.run(path, id, sha256, bytes);
    })();
  }

  hashes(id: string): { path: string; sha256: string }[] {
    const rows = this.db.prepare('SELECT path, sha256 FROM files WHERE owner_id = ? ORDER BY path').all(id);
    return z.array(z.object({ path: z.string(), sha256: z.string() })).parse(rows);
  }
}

function exportOf(row: unknown, targetsOf: (id: string) => ExportedTarget[]): StoredExport {
  const { sourceKind, sourceId, ...rest } = exportRow.parse(row);
  const source: ExportSource = { kind: sourceKind, id: sourceId };
  return { ...rest, source, targets: targetsOf(rest.id) };
}
