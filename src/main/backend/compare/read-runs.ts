import { z } from 'zod';
import type { Db } from '../../storage/database.ts';

/** A run's predictions in the order of their rows, as columns. */
export interface RunPredictions {
  rows: Int32Array;
  expected: Int32Array;
  predicted: Int32Array;
  scores: Float32Array;
}

const recordSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** Reads without an object a row. A run without predictions gives empty columns. */
export function readRun(db: Db, id: string): RunPredictions {
  const found = db
    .prepare<[string], unknown[]>(
      'SELECT row, expected, predicted, score FROM predictions WHERE experiment_id = ? ORDER BY row',
    )
    .raw()
    .all(id);
  const run: RunPredictions = {
    rows: new Int32Array(found.length),
    expected: new Int32Array(found.length),
    predicted: new Int32Array(found.length),
    scores: new Float32Array(found.length),
  };
  if (found.length > 0) recordSchema.parse(found[0]);
  for (const [i, record] of found.entries()) {
    const [row, expected, predicted, score] = record as z.infer<typeof recordSchema>;
    run.rows[i] = row;
    run.expected[i] = expected;
    run.predicted[i] = predicted;
    run.scores[i] = score;
  }
  return run;
}

/** Whether two runs were evaluated on the same rows with the same labels. */
export function sameRows(a: RunPredictions, b: RunPredictions): boolean {
  return (
    a.rows.length === b.rows.length &&
    a.rows.every((row, i) => row === b.rows[i]) &&
    a.expected.every((label, i) => label === b.expected[i])
  );
}
