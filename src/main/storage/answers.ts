import { z } from 'zod';
import type { ParsedInputOf } from '../../shared/contract.ts';
import { fault } from '../../shared/faults/index.ts';
import { taskKeys, taskOf } from '../../shared/tasks/index.ts';
import type { KeptAnswer, Names, ShownAnswer, Task } from '../../shared/tasks/task.ts';
import type { Db } from './database.ts';
import { columnsOf, json, row, rows, run, value } from './query.ts';

/**
 * Replaces nothing that another run has; a row that comes again replaces what was there. Without `shownOf` it is left to
 * `fillShown` what lists show of the answers.
 */
export function addAnswers(
  db: Db,
  id: string,
  answers: readonly KeptAnswer[],
  shownOf?: (answer: Uint8Array) => ShownAnswer,
): void {
  const add = db.prepare('INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  db.transaction(() => {
    for (const { row, wrong, answer } of answers)
      add.run(id, row, wrong, answer, ...(shownOf ? shownFields(shownOf(answer)) : [null, null, null, null]));
  })();
}

const shownFields = ({ expected, predicted, score, expectedScore }: ShownAnswer) =>
  [expected, predicted, score, expectedScore] as const;

/** Answers filled in one transaction: some 10 ms of the event loop. */
const AT_ONCE = 1000;

/** Reads what lists show out of the answers of a run that was kept before lists were read by it. Throws `store/unknown`. */
export async function fillShown(db: Db, id: string): Promise<void> {
  // They are filled in the order of their rows: the last one says whether all are.
  const last = 'SELECT score IS NULL FROM answers WHERE experiment_id = ? ORDER BY row DESC LIMIT 1';
  if (value(db, z.number().optional(), last, id) !== 1) return;
  const { task, names } = answeredTask(db, id);
  const some = db
    .prepare<unknown[], AnswerRow>(
      `SELECT row, answer FROM answers WHERE experiment_id = ? AND row > ? ORDER BY row LIMIT ${AT_ONCE}`,
    )
    .raw();
  const set = db.prepare(
    `UPDATE answers SET expected = ?, predicted = ?, score = ?, expected_score = ?
     WHERE experiment_id = ? AND row = ?`,
  );
  for (let found = some.all(id, 0); found.length > 0; found = some.all(id, found.at(-1)![0])) {
    db.transaction(() => {
      for (const [row, answer] of found) set.run(...shownFields(task.shown(answer, names)), id, row);
    })();
    await new Promise(setImmediate);
  }
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
/** In the order of the rows. Each is read when it is asked for. */
export const eachAnswer = (db: Db, id: string): IterableIterator<AnswerRow> =>
  db
    .prepare<[string], AnswerRow>('SELECT row, answer FROM answers WHERE experiment_id = ? ORDER BY row')
    .raw()
    .iterate(id);

export const countAnswers = (db: Db, id: string): number =>
  value(db, z.number(), 'SELECT count(*) FROM answers WHERE experiment_id = ?', id);

const shownSchema = z.object({
  row: z.number(),
  expected: z.string(),
  predicted: z.string(),
  score: z.number(),
  expectedScore: z.number(),
});
const filters = { all: '', wrong: 'AND wrong = 1', right: 'AND wrong = 0' };
const orders = { row: '', confident: 'score DESC,', worst: 'expected_score,', best: 'expected_score DESC,' };

/** Some answers of a run for which `fillShown` was called, and how many fit in all. */
export function pageOfAnswers(
  db: Db,
  { id, only, order, expected, predicted, offset, limit }: ParsedInputOf<'experiments/predictions'>,
): { total: number; items: z.infer<typeof shownSchema>[] } {
  const cell = Object.entries({ expected, predicted }).filter(([, name]) => name !== null);
  const where = [
    `FROM answers WHERE experiment_id = ? ${filters[only]}`,
    ...cell.map(([name]) => `${name} = ?`),
  ];
  const from = where.join(' AND ');
  const values = [id, ...cell.map(([, name]) => name)];
  const page = `SELECT ${columnsOf(shownSchema)} ${from} ORDER BY ${orders[order]} row LIMIT ? OFFSET ?`;
  return {
    total: value(db, z.number(), `SELECT count(*) ${from}`, ...values),
    items: rows(db, shownSchema, page, ...values, limit, offset),
  };
}

/** Rows and targets of a run for which `fillShown` was called, in their order. */
export const targetsOf = (db: Db, id: string): { row: number; expected: string }[] =>
  db
    .prepare<[string], { row: number; expected: string }>(
      'SELECT row, expected FROM answers WHERE experiment_id = ? ORDER BY row',
    )
    .all(id);

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
