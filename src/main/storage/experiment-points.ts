import { z } from 'zod';
import {
  stepFields,
  type Curve,
  type EvaluationPoint,
  type Step,
} from '../../shared/contract/experiments.ts';
import type { Db } from './database.ts';

export interface LogLine {
  at: number;
  level: 'info' | 'warning' | 'error';
  message: string;
}

/** Rows read at once: some 10 ms of the event loop. */
const CHUNK = 5_000;

const emptyCurve = (): Curve => curveOf([]);

/** Steps as columns. */
export function curveOf(points: readonly Step[]): Curve {
  return Object.fromEntries(stepFields.map((field) => [field, points.map((point) => point[field])])) as Curve;
}

/** What experiments logged: steps, evaluations and lines. A step that comes again replaces what was there. */
export class PointStore {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

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
    this.db.prepare('DELETE FROM steps WHERE experiment_id = ? AND step > ?').run(id, step);
    this.db.prepare('DELETE FROM evaluations WHERE experiment_id = ? AND step > ?').run(id, step);
  }

  /** The logged steps after `afterStep`. Long curves are read in parts, so that the event loop goes on. */
  async curve(id: string, afterStep: number): Promise<Curve> {
    const curve = emptyCurve();
    const read = this.db
      .prepare<[string, number], number[]>(
        `SELECT ${stepFields.join(', ')} FROM steps WHERE experiment_id = ? AND step > ? ORDER BY step LIMIT ${CHUNK}`,
      )
      .raw();
    for (let last = afterStep; ;) {
      const rows = read.all(id, last);
      for (const row of rows) for (let i = 0; i < stepFields.length; i++) curve[stepFields[i]!].push(row[i]!);
      if (rows.length < CHUNK) return curve;
      last = rows.at(-1)![0]!;
      await new Promise(setImmediate);
    }
  }

  evaluations(id: string, afterStep: number): EvaluationPoint[] {
    return this.db
      .prepare(
        'SELECT step, epoch, metrics FROM evaluations WHERE experiment_id = ? AND step > ? ORDER BY step',
      )
      .all(id, afterStep)
      .map((row) => {
        const { step, epoch, metrics } = evaluationRow.parse(row);
        return { step, epoch, metrics: z.record(z.string(), z.number()).parse(JSON.parse(metrics)) };
      });
  }

  /** The last logged step; -1 before the first. */
  lastStep(id: string): number {
    const last = this.db.prepare('SELECT coalesce(max(step), -1) FROM steps WHERE experiment_id = ?');
    return z.number().parse(last.pluck().get(id));
  }

  log(id: string, offset: number, limit: number): { total: number; items: LogLine[] } {
    const total = this.db.prepare('SELECT count(*) FROM log_lines WHERE experiment_id = ?').pluck().get(id);
    const rows = this.db
      .prepare(
        'SELECT at, level, message FROM log_lines WHERE experiment_id = ? ORDER BY place LIMIT ? OFFSET ?',
      )
      .all(id, limit, offset);
    return { total: z.number().parse(total), items: z.array(logRow).parse(rows) };
  }
}

const evaluationRow = z.object({ step: z.number(), epoch: z.number(), metrics: z.string() });
const logRow = z.object({ at: z.number(), level: z.enum(['info', 'warning', 'error']), message: z.string() });
