import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Db } from '../../../storage/database.ts';

/** A run as a thread is told of it. */
export interface RunInput {
  id: string;
  finishedAt: number;
  /** Equal for runs whose row numbers mean the same rows: a data set version's content, or a file. */
  dataKey: string;
}

/** A run's answers in the order of its rows. Classes are places in `labels`, whatever places its model gave them. */
export interface Answers {
  /** In the order of their names. */
  labels: string[];
  rows: Int32Array;
  expected: Uint16Array;
  predicted: Uint16Array;
}

/** A run's labels: `names` by the places that its predictions use, `sorted` by name, `places` from one to the other. */
export function labelsOfRun(db: Db, id: string): { names: string[]; sorted: string[]; places: number[] } {
  const find = db.prepare(`SELECT json_extract(evaluation, '$.labels') FROM experiments WHERE id = ?`);
  const names = z.array(z.string()).parse(JSON.parse(z.string().parse(find.pluck().get(id))));
  const sorted = names.toSorted();
  return { names, sorted, places: names.map((name) => sorted.indexOf(name)) };
}

export function readAnswers(db: Db, id: string): Answers {
  const { sorted: labels, places } = labelsOfRun(db, id);
  const found = db
    .prepare<[string], [number, number, number]>(
      'SELECT row, expected, predicted FROM predictions WHERE experiment_id = ? ORDER BY row',
    )
    .raw()
    .all(id);
  const answers: Answers = {
    labels,
    rows: new Int32Array(found.length),
    expected: new Uint16Array(found.length),
    predicted: new Uint16Array(found.length),
  };
  for (const [i, [row, expected, predicted]] of found.entries()) {
    answers.rows[i] = row;
    answers.expected[i] = places[expected]!;
    answers.predicted[i] = places[predicted]!;
  }
  return answers;
}

/** Equal for answers to the same rows of the same data with the same labels. */
export function rowsKeyOf(dataKey: string, { labels, rows, expected }: Answers): string {
  const hash = createHash('sha256').update(JSON.stringify([dataKey, labels]));
  for (const { buffer, byteOffset, byteLength } of [rows, expected]) {
    hash.update(Buffer.from(buffer, byteOffset, byteLength));
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
