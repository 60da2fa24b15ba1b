import { savedComparisonSchema, type SavedComparison } from '../../shared/contract/compare.ts';
import type { Db } from './database.ts';
import { add, json, rows, run } from './query.ts';

const { experimentIds } = savedComparisonSchema.shape;
const rowSchema = savedComparisonSchema.extend({ experimentIds: json(experimentIds) });

/** Comparisons that a person kept, the newest first. */
export const listComparisons = (db: Db): SavedComparison[] =>
  rows(db, rowSchema, 'SELECT * FROM comparisons ORDER BY created_at DESC, rowid DESC');

export const addComparison = (db: Db, comparison: SavedComparison): void =>
  add(db, 'comparisons', comparison);

export const removeComparison = (db: Db, id: string): void =>
  run(db, 'DELETE FROM comparisons WHERE id = ?', id);
