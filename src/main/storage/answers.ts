import { z } from 'zod';
import { fault } from '../../shared/faults/index.ts';
import { taskKeys, taskOf } from '../../shared/tasks/index.ts';
import type { KeptAnswer, Names, Task } from '../../shared/tasks/task.ts';
import type { Db } from './database.ts';
import { json, row, rows, run, value } from './query.ts';

/** Replaces nothing that another run has; a row that comes again replaces what was there. */
export function addAnswers(db: Db, id: string, answers: readonly KeptAnswer[]): void {
  const add = db.prepare('INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)');
  db.transaction(() => {
    for (const { row, wrong, answer } of answers) add.run(id, row, wrong, answer);
  })();
}

export const clearAnswers = (db: Db, id: string): void =>
  run(db, 'DELETE FROM answers WHERE experiment_id = ?', id);

/** What the answers of a run are answers to. */
export interface AnsweredTask {
  task: Task;
  /** Of the head's outputs, in the order that the answers are kept in; empty for a run without an evaluation. */
  names: Names;
  rows: number;
}

const taskSchema = z.object({
  key: z.string().nullable(),
  labels: json(z.array(z.string())).nullable(),
  rows: z.number().nullable(),
});

/** Throws `store/unknown`. */
export function answeredTask(db: Db, id: string): AnsweredTask {
  const sql = `SELECT config ->> '$.task' AS key, evaluation ->> '$.labels' AS labels, evaluation ->> '$.rows' AS rows
    FROM experiments WHERE id = ?`;
  const found = row(db, taskSchema, sql, id);
  if (!found) throw fault('store/unknown', { kind: 'experiment', id });
  return { task: taskOf(found.key ?? taskKeys[0]!), names: found.labels ?? [], rows: found.rows ?? 0 };
}

export type AnswerRow = [row: number, answer: Buffer];
/** Which rows: all, or those that are right or wrong. */
export type Only = 'all' | 'wrong' | 'right';
const where: Record<Only, string> = { all: '', wrong: 'AND wrong = 1', right: 'AND wrong = 0' };
const answersOf = (only: Only): string => `FROM answers WHERE experiment_id = ? ${where[only]}`;
const answerRows = (db: Db, only: Only, behind = '') =>
  db.prepare<unknown[], AnswerRow>(`SELECT row, answer ${answersOf(only)} ORDER BY row ${behind}`).raw();

/** In the order of the rows. Each is read when it is asked for. */
export const eachAnswer = (db: Db, id: string, only: Only = 'all'): IterableIterator<AnswerRow> =>
  answerRows(db, only).iterate(id);

export const countAnswers = (db: Db, id: string, only: Only = 'all'): number =>
  value(db, z.number(), `SELECT count(*) ${answersOf(only)}`, id);

/** Some of them, in the order of the rows. */
export const pageOfAnswers = (db: Db, id: string, only: Only, offset: number, limit: number): AnswerRow[] =>
  answerRows(db, only, 'LIMIT ? OFFSET ?').all(id, limit, offset);

/** Those of `rows`, in the order asked for. */
export function answersTo(db: Db, id: string, rows: readonly number[]): AnswerRow[] {
  const read = db
    .prepare<[string, number], Buffer>('SELECT answer FROM answers WHERE experiment_id = ? AND row = ?')
    .pluck();
  return rows.map((row) => [row, read.get(id, row)!]);
}

const runSchema = z.object({
  id: z.string(),
  removedAt: z.number().nullable(),
  /** Of its data set version. */
  sha256: z.string().nullable(),
  /** Whether answers are kept. */
  answered: z.number().transform(Boolean),
});
export type KnownRun = z.infer<typeof runSchema>;

const RUNS = `SELECT e.id, e.removed_at, v.sha256,
  EXISTS (SELECT 1 FROM answers a WHERE a.experiment_id = e.id) AS answered
FROM experiments e LEFT JOIN dataset_versions v ON v.id = e.version_id WHERE e.id IN (SELECT value FROM json_each(?))`;

/** Those of these experiments that the store knows, removed or not. */
export const knownRuns = (db: Db, ids: readonly string[]): Map<string, KnownRun> =>
  new Map(rows(db, runSchema, RUNS, JSON.stringify(ids)).map((run) => [run.id, run]));
