import { z } from 'zod';
import { intervalSchema } from '../../shared/contract/compare.ts';
import type { Measured } from '../../shared/statistics/measured.ts';
import type { Names } from '../../shared/tasks/task.ts';
import type { Db } from './database.ts';

/** What was counted of a run's answers. */
export interface RunCount {
  id: string;
  /** When the run ended whose answers these are: a later end makes them stale. */
  finishedAt: number;
  rowsKey: string;
  rows: number;
  /** Of the head's outputs, in an order that does not depend on the run. */
  names: Names;
  measured: Measured;
}

const countSchema = z.object({
  id: z.string(),
  finishedAt: z.number(),
  rowsKey: z.string(),
  rows: z.number(),
  names: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  right: z.instanceof(Buffer),
});
const figureSchema = intervalSchema.extend({ name: z.string(), resamples: z.instanceof(Buffer) });

/** Of these runs, those that were not counted since they ended. */
export function uncounted<Run extends { id: string; finishedAt: number }>(
  db: Db,
  runs: readonly Run[],
): Run[] {
  const find = db
    .prepare<[string], number>('SELECT finished_at FROM run_counts WHERE experiment_id = ?')
    .pluck();
  return runs.filter(({ id, finishedAt }) => find.get(id) !== finishedAt);
}

/** Undefined for a run that was never counted. */
export function readRunCount(db: Db, id: string): RunCount | undefined {
  const found = db
    .prepare(
      `SELECT experiment_id AS id, finished_at AS finishedAt, rows_key AS rowsKey, rows, names, right_rows AS right
       FROM run_counts WHERE experiment_id = ?`,
    )
    .get(id);
  if (found === undefined) return undefined;
  const { right, ...count } = countSchema.parse(found);
  const figures = db
    .prepare('SELECT name, value, low, high, resamples FROM run_figures WHERE experiment_id = ?')
    .all(id)
    .map((row) => {
      const { name, resamples, ...interval } = figureSchema.parse(row);
      // A copy: a buffer of SQLite need not begin where 32-bit numbers may.
      return [name, { interval, resamples: new Float32Array(Uint8Array.from(resamples).buffer) }] as const;
    });
  return { ...count, measured: { figures: Object.fromEntries(figures), right } };
}

export function keepRunCount(db: Db, { id, finishedAt, rowsKey, rows, names, measured }: RunCount): void {
  db.prepare('INSERT OR REPLACE INTO run_counts VALUES (?, ?, ?, ?, ?, ?)').run(
    ...[id, finishedAt, rowsKey, rows, JSON.stringify(names), bytes(measured.right)],
  );
  db.prepare('DELETE FROM run_figures WHERE experiment_id = ?').run(id);
  const add = db.prepare('INSERT INTO run_figures VALUES (?, ?, ?, ?, ?, ?)');
  for (const [name, { interval, resamples }] of Object.entries(measured.figures))
    add.run(id, name, interval.value, interval.low, interval.high, bytes(resamples));
}

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
