import { z } from 'zod';
import { intervalSchema } from '../../shared/contract/compare.ts';
import type { Measured } from '../../shared/statistics/measured.ts';
import type { Db } from './database.ts';

const figuresSchema = z.object({
  /** In the order of their names. */
  labels: z.array(z.string()),
  accuracy: intervalSchema,
  macroF1: intervalSchema,
});

/** What was counted of a run's predictions. */
export interface RunCount extends z.infer<typeof figuresSchema> {
  id: string;
  /** When the run ended whose predictions these are: a later end makes them stale. */
  finishedAt: number;
  rowsKey: string;
  rows: number;
}

export interface MeasuredRun extends RunCount {
  measured: Pick<Measured, 'resamples' | 'right'>;
}

const rowSchema = z.object({
  id: z.string(),
  finishedAt: z.number(),
  rowsKey: z.string(),
  rows: z.number(),
  figures: z.string(),
});
const blobsSchema = rowSchema.extend({
  accuracy: z.instanceof(Buffer),
  macroF1: z.instanceof(Buffer),
  right: z.instanceof(Buffer),
});

/** Of these runs, those that were not counted since they ended. */
export function uncounted<Run extends { id: string; finishedAt: number }>(
  db: Db,
  runs: readonly Run[],
): Run[] {
  const find = db
    .prepare<[string], number>('SELECT finished_at FROM run_figures WHERE experiment_id = ?')
    .pluck();
  return runs.filter(({ id, finishedAt }) => find.get(id) !== finishedAt);
}

/** Undefined for a run that was never counted. */
export function readRunFigures(db: Db, id: string): MeasuredRun | undefined {
  const found = db
    .prepare(
      `SELECT experiment_id AS id, finished_at AS finishedAt, rows_key AS rowsKey, rows, figures, accuracy,
         macro_f1 AS macroF1, right_rows AS right FROM run_figures WHERE experiment_id = ?`,
    )
    .get(id);
  if (found === undefined) return undefined;
  const { figures, accuracy, macroF1, right, ...rest } = blobsSchema.parse(found);
  return {
    ...rest,
    ...figuresSchema.parse(JSON.parse(figures)),
    measured: { resamples: { accuracy: floats(accuracy), macroF1: floats(macroF1) }, right },
  };
}

export function keepRunFigures(db: Db, run: MeasuredRun): void {
  const { id, finishedAt, rowsKey, rows, labels, accuracy, macroF1, measured } = run;
  const { resamples, right } = measured;
  db.prepare('INSERT OR REPLACE INTO run_figures VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
    id,
    finishedAt,
    rowsKey,
    rows,
    JSON.stringify({ labels, accuracy, macroF1 }),
    bytes(resamples.accuracy),
    bytes(resamples.macroF1),
    bytes(right),
  );
}

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** A copy: a buffer of SQLite need not begin where 32-bit numbers may. */
const floats = (blob: Buffer): Float32Array => new Float32Array(Uint8Array.from(blob).buffer);
