import { z } from 'zod';
import {
  evaluationPointSchema,
  logLineSchema,
  stepFields,
  type Curve,
  type EvaluationPoint,
  type LogLine,
  type Step,
} from '../../shared/contract/experiments.ts';
import { json, rows, run, Store, value } from './query.ts';

/** Rows read at once: some 10 ms of the event loop. */
const CHUNK = 5_000;

/** Steps as columns. */
export function curveOf(points: readonly Step[]): Curve {
  return Object.fromEntries(stepFields.map((field) => [field, points.map((point) => point[field])])) as Curve;
}

const evaluationRow = evaluationPointSchema.extend({ metrics: json(evaluationPointSchema.shape.metrics) });

/** What experiments logged: steps, evaluations and lines. A step that comes again replaces what was there. */
export class PointStore extends Store {
  addSteps(id: string, points: readonly Step[]): void {
    const add = this.db.prepare('INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const point of points) add.run(id, ...stepFields.map((field) => point[field]));
  }

  addEvaluations(id: string, points: readonly EvaluationPoint[]): void {
    const add = this.db.prepare('INSERT OR REPLACE INTO evaluations VALUES (?, ?, ?, ?)');
    for (const { step, epoch, metrics } of points) add.run(id, step, epoch, JSON.stringify(metrics));
  }

  addLines(id: string, lines: readonly LogLine[]): void {
    const add = this.db.prepare(
      `INSERT INTO log_lines VALUES (@id, (SELECT coalesce(max(place), 0) + 1 FROM log_lines WHERE experiment_id = @id),
         @at, @level, @message)`,
    );
    for (const line of lines) add.run({ id, ...line });
  }

  /** Forgets what was logged behind a step: a run that goes on from it logs it again. */
  dropAfter(id: string, step: number): void {
    for (const table of ['steps', 'evaluations'])
      run(this.db, `DELETE FROM ${table} WHERE experiment_id = ? AND step > ?`, id, step);
  }

  /** The logged steps after `afterStep`. Long curves are read in parts, so that the event loop goes on. */
  async curve(id: string, afterStep: number): Promise<Curve> {
    const curve = curveOf([]);
    const read = this.db
      .prepare<[string, number], number[]>(
        `SELECT ${stepFields.join(', ')} FROM steps WHERE experiment_id = ? AND step > ? ORDER BY step LIMIT ${CHUNK}`,
      )
      .raw();
    for (let last = afterStep; ;) {
      const found = read.all(id, last);
      for (const row of found)
        for (let i = 0; i < stepFields.length; i++) curve[stepFields[i]!].push(row[i]!);
      if (found.length < CHUNK) return curve;
      last = found.at(-1)![0]!;
      await new Promise(setImmediate);
    }
  }

  evaluations(id: string, afterStep: number): EvaluationPoint[] {
    const sql = 'SELECT * FROM evaluations WHERE experiment_id = ? AND step > ? ORDER BY step';
    return rows(this.db, evaluationRow, sql, id, afterStep);
  }

  /** The last logged step; -1 before the first. */
  lastStep(id: string): number {
    const sql = 'SELECT coalesce(max(step), -1) FROM steps WHERE experiment_id = ?';
    return value(this.db, z.number(), sql, id);
  }

  log(id: string, offset: number, limit: number): { total: number; items: LogLine[] } {
    const lines = 'FROM log_lines WHERE experiment_id = ?';
    return {
      total: value(this.db, z.number(), `SELECT count(*) ${lines}`, id),
      items: rows(
        this.db,
        logLineSchema,
        `SELECT * ${lines} ORDER BY place LIMIT ? OFFSET ?`,
        id,
        limit,
        offset,
      ),
    };
  }
}
