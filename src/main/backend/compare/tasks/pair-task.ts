import type { OutputOf } from '../../../../shared/contract.ts';
import { measure, type Measured } from '../../../../shared/statistics/measured.ts';
import { onlyRight } from '../../../../shared/statistics/verdict.ts';
import { answeredTask } from '../../../storage/answers.ts';
import { openReadOnly, type Db } from '../../../storage/database.ts';
import { readRunCount } from '../../../storage/run-figures.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';
import { commonRows, readAnswers, type Answers } from './answers.ts';
import { differences } from './table-task.ts';

interface Side {
  id: string;
  data: string;
  /** The file of its data set version where the other run has another version; else null. */
  file: string | null;
}

export type Pair = OutputOf<'compare/pair'>;

/**
 * Two runs on the rows that both answered, of two versions on those with the same text and target; null where there are
 * none. Their names are the same. Throws `datasets/file-…`.
 */
export function pairTask(input: { database: string; baseline: Side; other: Side }): Pair | null {
  const { baseline, other } = input;
  const db = openReadOnly(input.database);
  try {
    const kept = [baseline, other].map(({ id }) => readRunCount(db, id));
    const same = kept[0] && kept[1] && kept[0].rowsKey === kept[1].rowsKey;
    const [a, b] = same ? kept.map((run) => run?.measured) : onCommonRows(db, baseline, other);
    if (!a || !b) return null;
    const { task } = answeredTask(db, baseline.id);
    const rows = a.right.length;
    const [onlyBaseline, onlyOther] = onlyRight(a, b);
    return {
      against: differences(task, a, b),
      rows,
      onlyBaseline,
      onlyOther,
      common: same ? null : { rows, versions: baseline.file === null ? null : [baseline.data, other.data] },
    };
  } finally {
    db.close();
  }
}

function onCommonRows(db: Db, baseline: Side, other: Side): Measured[] {
  const [a, b] = [readAnswers(db, baseline.id), readAnswers(db, other.id)];
  const [inA, inB] =
    baseline.file === null || other.file === null
      ? commonRows([a.rows, b.rows])
      : sameTexts([a, b], [baseline.file, other.file]);
  if (inA!.length === 0) return [];
  return measure(a.task, [a.task.at(a.columns, inA!), b.task.at(b.columns, inB!)]);
}

/** Places in both of the rows with the same text and the same target; of equal texts the first with the first. */
function sameTexts(answers: [Answers, Answers], files: [string, string]): [Int32Array, Int32Array] {
  const [keysA, keysB] = [textKeys(answers[0], files[0]), textKeys(answers[1], files[1])];
  const places = new Map(keysB.map((key, place) => [key, place]));
  const pairs = keysA.flatMap((key, place) => {
    const found = places.get(key);
    return found === undefined ? [] : [[place, found] as const];
  });
  return [Int32Array.from(pairs, ([a]) => a), Int32Array.from(pairs, ([, b]) => b)];
}

function textKeys({ task, rows, columns }: Answers, file: string): string[] {
  return versionWork(file, (version) => {
    const hashes = version.textHashes();
    const seen = new Map<string, number>();
    return Array.from(rows, (row, place) => {
      const key = `${hashes[row - 1]!} ${task.targetKey(columns, place)}`;
      const nth = seen.get(key) ?? 0;
      seen.set(key, nth + 1);
      return `${key} ${nth}`;
    });
  });
}
