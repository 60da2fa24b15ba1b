import type { OutputOf } from '../../../../shared/contract.ts';
import { measure, type Measured } from '../../../../shared/statistics/measured.ts';
import { pairedTest, verdictSentence } from '../../../../shared/statistics/verdict.ts';
import { openReadOnly, type Db } from '../../../storage/database.ts';
import { readRunFigures } from '../../../storage/run-figures.ts';
import { commonRows, readAnswers } from './answers.ts';
import { differenceOf, measuredOf } from './table-task.ts';

interface Side {
  id: string;
  name: string;
}

export type Pair = OutputOf<'compare/pair'>;

/** Two runs on the rows that both answered; null where there are none. They are of the same data and labels. */
export function pairTask(input: { database: string; baseline: Side; other: Side }): Pair | null {
  const db = openReadOnly(input.database);
  try {
    const [a, b] = sameRows(db, input.baseline.id, input.other.id) ?? [];
    if (!a || !b) return null;
    const accuracy = pairedTest('accuracy', a, b);
    return {
      accuracy: differenceOf(accuracy),
      macroF1: differenceOf(pairedTest('macroF1', a, b)),
      rows: a.right.length,
      onlyBaseline: accuracy.onlyA,
      onlyOther: accuracy.onlyB,
      sentence: verdictSentence(input.baseline.name, input.other.name, accuracy),
    };
  } finally {
    db.close();
  }
}

function sameRows(db: Db, ...ids: [string, string]): Measured[] | null {
  const kept = ids.map((id) => readRunFigures(db, id));
  if (kept[0]?.rowsKey === kept[1]?.rowsKey) return kept.flatMap((run) => (run ? [measuredOf(run)] : []));
  const answers = ids.map((id) => readAnswers(db, id));
  const common = commonRows(answers.map(({ rows }) => rows));
  if (common[0]!.length === 0) return null;
  const of = (values: Uint16Array, run: number) => Uint16Array.from(common[run]!, (place) => values[place]!);
  const { expected, labels } = answers[0]!;
  return measure(
    of(expected, 0),
    answers.map(({ predicted }, run) => of(predicted, run)),
    labels.length,
  );
}
