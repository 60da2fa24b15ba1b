import { z } from 'zod';
import { savedComparisonSchema, type SavedComparison } from '../../shared/contract/compare.ts';
import type { Db } from './database.ts';

const rowSchema = savedComparisonSchema.extend({ experimentIds: z.string() });

/** Comparisons that a person kept, the newest first. */
export function listComparisons(db: Db): SavedComparison[] {
  const rows = db
    .prepare(
      `SELECT id, name, experiment_ids AS experimentIds, baseline_id AS baselineId, created_at AS createdAt
       FROM comparisons ORDER BY created_at DESC, rowid DESC`,
    )
    .all();
  return z
    .array(rowSchema)
    .parse(rows)
    .map((row) => ({ ...row, experimentIds: z.array(z.string()).parse(JSON.parse(row.experimentIds)) }));
}

export function addComparison(db: Db, comparison: SavedComparison): void {
  const { id, name, experimentIds, baselineId, createdAt } = comparison;
  db.prepare('INSERT INTO comparisons VALUES (?, ?, ?, ?, ?)').run(
    ...[id, name, JSON.stringify(experimentIds), baselineId, createdAt],
  );
}

export function removeComparison(db: Db, id: string): void {
  db.prepare('DELETE FROM comparisons WHERE id = ?').run(id);
}
