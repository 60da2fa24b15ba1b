import type { OutputOf } from '../../../../shared/contract.ts';
import { measure, type Measured } from '../../../../shared/statistics/measured.ts';
import { pairedTest } from '../../../../shared/statistics/verdict.ts';
import { openReadOnly, type Db } from '../../../storage/database.ts';
import { readRunFigures } from '../../../storage/run-figures.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';
import { commonRows, readAnswers, type Answers } from './answers.ts';
import { differenceOf, measuredOf } from './table-task.ts';

interface Side {
  id: string;
  data: string;
  /** The file of its data set version where the other run has another version; else null. */
  file: string | null;
}

export type Pair = OutputOf<'compare/pair'>;

/**
 * Two runs on the rows that both answered, of two versions on those with the same text and label; null where there are
 * none. Their labels are the same. Throws `datasets/file-…`.
 */
export function pairTask(input: { database: string; baseline: Side; other: Side }): Pair | null {
  const { baseline, other } = input;
  const db = openReadOnly(input.database);
  try {
    const kept = [baseline, other].map(({ id }) => readRunFigures(db, id));
    const same = kept[0] && kept[1] && kept[0].rowsKey === kept[1].rowsKey;
    const [a, b] = same
      ? kept.flatMap((run) => (run ? [measuredOf(run)] : []))
      : onCommonRows(db, baseline, other);
    if (!a || !b) return null;
    const accuracy = pairedTest('accuracy', a, b);
    const rows = a.right.length;
    return {
      accuracy: differenceOf(accuracy),
      macroF1: differenceOf(pairedTest('macroF1', a, b)),
      rows,
      onlyBaseline: accuracy.onlyA,
      onlyOther: accuracy.onlyB,
      common: same ? null : { rows, versions: baseline.file === null ? null : [baseline.data, other.data] },
    };
  } finally {
    db.close();
  }
}

function onCommonRows(db: Db, baseline: Side, other: Side): Measured[] {
  const [a, b] = [readAnswers(db, baseline.id), readAnswers(db, other.id)];
  const common =
    baseline.file === null || other.file === null
      ? commonRows([a.rows, b.rows])
      : sameTexts([a, b], [baseline.file, other.file]);
  const [inA, inB] = [common[0]!, common[1]!];
  if (inA.length === 0) return [];
  const of = (values: Uint16Array, places: Int32Array) => Uint16Array.from(places, (place) => values[place]!);
  return measure(of(a.expected, inA), [of(a.predicted, inA), of(b.predicted, inB)], a.labels.length);
}

/** Places in both of the rows with the same text and the same label; of equal texts the first with the first. */
function sameTexts(answers: [Answers, Answers], files: [string, string]): [Int32Array, Int32Array] {
  const [keysA, keysB] = [textKeys(answers[0], files[0]), textKeys(answers[1], files[1])];
  const places = new Map(keysB.map((key, place) => [key, place]));
  const pairs = keysA.flatMap((key, place) => {
    const found = places.get(key);
    return found === undefined ? [] : [[place, found] as const];
  });
  return [Int32Array.from(pairs, ([a]) => a), Int32Array.from(pairs, ([, b]) => b)];
}

function textKeys({ labels, rows, expected }: Answers, file: string): string[] {
  return versionWork(file, (version) => {
    const hashes = version.textHashes();
    const seen = new Map<string, number>();
    return Array.from(rows, (row, place) => {
      const key = `${hashes[row - 1]!} ${labels[expected[place]!]!}`;
      const nth = seen.get(key) ?? 0;
      seen.set(key, nth + 1);
      return `${key} ${nth}`;
    });
  });
}
