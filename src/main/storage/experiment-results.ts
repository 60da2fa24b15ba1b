import { z } from 'zod';
import type { Db } from './database.ts';

/** An answer to one evaluation row; classes by their places in the experiment's labels. */
export interface Prediction {
  row: number;
  expected: number;
  predicted: number;
  score: number;
  expectedScore: number;
  logits: Float32Array;
}

export interface KnownFile {
  path: string;
  kind: 'adapter' | 'checkpoint' | 'experiment';
  owner: string;
  sha256: string;
  bytes: number;
}

/** Which predictions; null: of every class. */
interface PredictionQuery {
  id: string;
  expected: number | null;
  predicted: number | null;
  only: keyof typeof chosen;
  order: keyof typeof orders;
  limit: number;
  offset: number;
}

const orders = {
  row: 'row',
  confident: 'score DESC, row',
  worst: 'expected_score, row',
  best: 'expected_score DESC, row',
};
const chosen = { all: '1', wrong: 'expected <> predicted', right: 'expected = predicted' };

/** What experiments leave: predictions, adapters, and the files that the store answers for. */
export class ResultStore {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  clearPredictions(id: string): void {
    this.db.prepare('DELETE FROM predictions WHERE experiment_id = ?').run(id);
  }

  addPredictions(id: string, predictions: readonly Prediction[]): void {
    const add = this.db.prepare('INSERT OR REPLACE INTO predictions VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.db.transaction(() => {
      for (const { row, expected, predicted, score, expectedScore, logits } of predictions) {
        const bytes = Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength);
        add.run(id, row, expected, predicted, score, expectedScore, bytes);
      }
    })();
  }

  /** A page of an experiment's predictions, and how many there are in all. */
  predictions(query: PredictionQuery): { total: number; found: Omit<Prediction, 'logits'>[] } {
    const where = `experiment_id = @id AND (@expected IS NULL OR expected = @expected)
      AND (@predicted IS NULL OR predicted = @predicted) AND ${chosen[query.only]}`;
    const total = this.db
      .prepare<[PredictionQuery], number>(`SELECT count(*) FROM predictions WHERE ${where}`)
      .pluck()
      .get(query);
    const found = this.db
      .prepare<[PredictionQuery], Omit<Prediction, 'logits'>>(
        `SELECT row, expected, predicted, score, expected_score AS expectedScore FROM predictions WHERE ${where}
         ORDER BY ${orders[query.order]} LIMIT @limit OFFSET @offset`,
      )
      .all(query);
    return { total: total ?? 0, found };
  }

  countPredictions(id: string): number {
    const count = this.db.prepare<[string], number>(
      'SELECT count(*) FROM predictions WHERE experiment_id = ?',
    );
    return count.pluck().get(id) ?? 0;
  }

  /** The rows that were answered and their classes, in their order. */
  answeredRows(id: string): Pick<Prediction, 'row' | 'expected'>[] {
    return this.db
      .prepare<[string], Pick<Prediction, 'row' | 'expected'>>(
        'SELECT row, expected FROM predictions WHERE experiment_id = ? ORDER BY row',
      )
      .all(id);
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
