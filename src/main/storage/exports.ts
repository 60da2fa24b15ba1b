import { z } from 'zod';
import {
  exportSchema,
  exportedTargetSchema,
  type Export,
  type ExportedTarget,
  type ExportTarget,
} from '../../shared/contract/exports.ts';
import { fault } from '../../shared/faults/index.ts';
import { add, change, column, json, row, rows, run, Store, value } from './query.ts';

export type StoredExport = Omit<Export, 'jobId'>;

const exportRow = exportSchema
  .omit({ source: true, targets: true, jobId: true })
  .extend({ sourceKind: z.enum(['experiment', 'adapter']), sourceId: z.string() });
const { proof, snippets } = exportedTargetSchema.shape;
const targetRow = exportedTargetSchema.extend({
  exportId: z.string(),
  proof: json(proof).nullable(),
  snippets: json(snippets),
});

/** What changes of a target. `seconds`: what writing and proving it took. */
export type TargetChange = Partial<Omit<ExportedTarget, 'target'>> & { seconds?: number };

const UNFINISHED = `state IN ('waiting', 'writing')`;

/** Exports in the store, each with its targets in the order asked for. */
export class ExportStore extends Store {
  /** Newest first. */
  list(): StoredExport[] {
    const targets = Map.groupBy(
      rows(this.db, targetRow, 'SELECT * FROM export_targets ORDER BY export_id, place'),
      ({ exportId }) => exportId,
    );
    const found = rows(this.db, exportRow, 'SELECT * FROM exports ORDER BY created_at DESC, rowid DESC');
    return found.map((one) => exportOf(one, targets.get(one.id) ?? []));
  }

  /** Throws `store/unknown`. */
  read(id: string): StoredExport {
    const found = row(this.db, exportRow, 'SELECT * FROM exports WHERE id = ?', id);
    if (!found) throw fault('store/unknown', { kind: 'export', id });
    const sql = 'SELECT * FROM export_targets WHERE export_id = ? ORDER BY place';
    return exportOf(found, rows(this.db, targetRow, sql, id));
  }

  ids(): string[] {
    return column(this.db, z.string(), 'SELECT id FROM exports');
  }

  /** Whether there still is one. */
  has(id: string): boolean {
    return this.ids().includes(id);
  }

  insert({ source, targets, ...fields }: StoredExport): void {
    this.db.transaction(() => {
      add(this.db, 'exports', { ...fields, sourceKind: source.kind, sourceId: source.id });
      for (const [place, target] of targets.entries())
        add(this.db, 'export_targets', { ...target, exportId: fields.id, place });
    })();
  }

  update(id: string, target: ExportTarget, { seconds, ...given }: TargetChange): void {
    const { proof } = given;
    // The time stands with the proof: it is only asked of targets that were proved.
    const fields = proof && seconds !== undefined ? { ...given, proof: { ...proof, seconds } } : given;
    if (Object.keys(fields).length > 0) change(this.db, 'export_targets', { exportId: id, target }, fields);
  }

  /** Ends what nothing writes any more. */
  cancelUnfinished(ids: readonly string[]): void {
    for (const id of ids)
      run(this.db, `UPDATE export_targets SET state = 'cancelled' WHERE export_id = ? AND ${UNFINISHED}`, id);
  }

  /** Exports of which something is still to be written, as far as the store knows. */
  unfinished(): string[] {
    return column(this.db, z.string(), `SELECT DISTINCT export_id FROM export_targets WHERE ${UNFINISHED}`);
  }

  remove(id: string): void {
    run(this.db, 'DELETE FROM files WHERE owner_id = ?', id);
    run(this.db, 'DELETE FROM exports WHERE id = ?', id);
  }

  setFolder(id: string, from: string, to: string): void {
    const moved = (name: string): string => `${name} = @to || substr(${name}, length(@from) + 1)`;
    this.db.transaction(() => {
      for (const sql of [
        'UPDATE exports SET folder = @to WHERE id = @id',
        `UPDATE export_targets SET ${moved('folder')} WHERE export_id = @id AND substr(folder, 1, length(@from)) = @from`,
        `UPDATE files SET ${moved('path')} WHERE owner_id = @id`,
      ])
        run(this.db, sql, { id, from, to });
    })();
  }

  /** Seconds that a target took the last time that one of this base was proved. */
  secondsOf(target: ExportTarget, modelName: string): number | null {
    const sql = `SELECT t.proof ->> '$.seconds' FROM export_targets t JOIN exports x ON x.id = t.export_id
      WHERE t.target = ? AND x.model_name = ? AND t.proof ->> '$.seconds' IS NOT NULL
      ORDER BY x.created_at DESC`;
    return value(this.db, z.number().optional(), sql, target, modelName) ?? null;
  }

  /** Hashes of what an export wrote and that has no proof of its own: the proofs themselves, and scripts. */
  putHashes(id: string, files: readonly { path: string; sha256: string; bytes: number }[]): void {
    const put = this.db.prepare(
      `INSERT OR REPLACE INTO files VALUES (@path, 'export', @id, @sha256, @bytes)`,
    );
    this.db.transaction(() => {
      for (const file of files) put.run({ id, ...file });
    })();
  }

  hashes(id: string): { path: string; sha256: string }[] {
    return rows(this.db, hashRow, 'SELECT * FROM files WHERE owner_id = ? ORDER BY path', id);
  }
}

const hashRow = z.object({ path: z.string(), sha256: z.string() });

function exportOf(
  { sourceKind: kind, sourceId: id, ...rest }: z.infer<typeof exportRow>,
  targets: readonly z.infer<typeof targetRow>[],
): StoredExport {
  return {
    ...rest,
    source: { kind, id },
    targets: targets.map(({ exportId: _, ...target }) => target),
  };
}
