import { createHash } from 'node:crypto';
import { answeredTask, countAnswers, eachAnswer } from '../../../storage/answers.ts';
import type { Db } from '../../../storage/database.ts';
import type { Task } from '../../../../shared/tasks/task.ts';

/** A run as a thread is told of it. */
export interface RunInput {
  id: string;
  finishedAt: number;
  /** Equal for runs whose row numbers mean the same rows: a data set version's content, or a file. */
  dataKey: string;
}

/** A run's answers in the order of its rows, as their task compares them. */
export interface Answers<Columns = unknown> {
  task: Task<object, Columns>;
  rows: Int32Array;
  columns: Columns;
}

export function readAnswers(db: Db, id: string): Answers {
  const { task, names } = answeredTask(db, id);
  const rows = new Int32Array(countAnswers(db, id));
  function* kept(): Generator<Uint8Array> {
    let place = 0;
    for (const [row, answer] of eachAnswer(db, id)) {
      rows[place++] = row;
      yield answer;
    }
  }
  return { task, rows, columns: task.columnsOf(kept(), rows.length, names) };
}

/** Equal for answers to the same rows of the same data with the same names and targets. */
export function rowsKeyOf(dataKey: string, { task, rows, columns }: Answers): string {
  const { names, targets } = task.question(columns);
  const hash = createHash('sha256').update(JSON.stringify([dataKey, names]));
  for (const { buffer, byteOffset, byteLength } of [rows, targets]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

/** Places in each list of the rows that all lists have; every list in ascending order. */
export function commonRows(lists: readonly Int32Array[]): Int32Array[] {
  const [first, ...others] = lists;
  const at = others.map(() => 0);
  const common: number[][] = lists.map(() => []);
  for (const [place, row] of (first ?? new Int32Array()).entries()) {
    const inAll = others.every((rows, i) => {
      while (rows[at[i]!]! < row) at[i]!++;
      return rows[at[i]!] === row;
    });
    if (!inAll) continue;
    common[0]!.push(place);
    for (const i of others.keys()) common[i + 1]!.push(at[i]!);
  }
  return common.map((places) => Int32Array.from(places));
}
