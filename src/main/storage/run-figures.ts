import { z } from 'zod';
import { intervalSchema } from '../../shared/contract/compare.ts';
import type { Measured } from '../../shared/statistics/measured.ts';
import type { Db } from './database.ts';
import { json, row, rows, run, value } from './query.ts';

const countSchema = z.object({
  experimentId: z.string(),
  /** When the run ended whose answers these are: a later end makes them stale. */
  finishedAt: z.number(),
  rowsKey: z.string(),
  rows: z.number(),
  /** Of the head's outputs, in an order that does not depend on the run. */
  names: json(z.array(z.string()).readonly()),
  rightRows: z.instanceof(Buffer),
});
const figureSchema = intervalSchema.extend({ name: z.string(), resamples: z.instanceof(Buffer) });

/** What was counted of a run's answers. */
export interface RunCount extends Omit<z.infer<typeof countSchema>, 'experimentId' | 'rightRows'> {
  id: string;
  measured: Measured;
}

/** Of these runs, those that were not counted since they ended. */
export const uncounted = <Run extends { id: string; finishedAt: number }>(
  db: Db,
  runs: readonly Run[],
): Run[] =>
  runs.filter(({ id, finishedAt }) => {
    const sql = 'SELECT finished_at FROM run_counts WHERE experiment_id = ?';
    return value(db, z.number().optional(), sql, id) !== finishedAt;
  });

/** Undefined for a run that was never counted. */
export function readRunCount(db: Db, id: string): RunCount | undefined {
  const found = row(db, countSchema, 'SELECT * FROM run_counts WHERE experiment_id = ?', id);
  if (!found) return undefined;
  const { rightRows: right, experimentId: _, ...count } = found;
  const kept = rows(db, figureSchema, 'SELECT * FROM run_figures WHERE experiment_id = ?', id);
  const figures = kept.map(({ name, resamples, ...interval }) => {
    // A copy: a buffer of SQLite need not begin where 32-bit numbers may.
    return [name, { interval, resamples: new Float32Array(Uint8Array.from(resamples).buffer) }] as const;
  });
  return { ...count, id, measured: { figures: Object.fromEntries(figures), right } };
}

export function keepRunCount(db: Db, { id, finishedAt, rowsKey, rows, names, measured }: RunCount): void {
  db.prepare('INSERT OR REPLACE INTO run_counts VALUES (?, ?, ?, ?, ?, ?)').run(
    ...[id, finishedAt, rowsKey, rows, JSON.stringify(names), bytes(measured.right)],
  );
  run(db, 'DELETE FROM run_figures WHERE experiment_id = ?', id);
  const add = db.prepare('INSERT INTO run_figures VALUES (?, ?, ?, ?, ?, ?)');
  for (const [name, { interval, resamples }] of Object.entries(measured.figures))
    add.run(id, name, interval.value, interval.low, interval.high, bytes(resamples));
}

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
