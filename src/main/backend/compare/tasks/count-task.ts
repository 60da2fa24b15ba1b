import { openReadOnly } from '../../../storage/database.ts';
import type { MeasuredRun } from '../../../storage/run-figures.ts';
import { intervalOf, measure } from '../../../../shared/statistics/measured.ts';
import { readAnswers, rowsKeyOf, type Answers, type RunInput } from './answers.ts';

/** Counts runs from their predictions; those on the same rows share the drawing of resamples. */
export function countTask({ database, runs }: { database: string; runs: RunInput[] }): MeasuredRun[] {
  const db = openReadOnly(database);
  try {
    const groups = new Map<string, { run: RunInput; answers: Answers }[]>();
    for (const run of runs) {
      const answers = readAnswers(db, run.id);
      if (answers.rows.length === 0) continue;
      const key = rowsKeyOf(run.dataKey, answers);
      groups.set(key, [...(groups.get(key) ?? []), { run, answers }]);
    }
    return [...groups].flatMap(([rowsKey, group]) => {
      const { expected, labels, rows } = group[0]!.answers;
      const predicted = group.map(({ answers }) => answers.predicted);
      return measure(expected, predicted, labels.length).map((measured, i) => ({
        id: group[i]!.run.id,
        finishedAt: group[i]!.run.finishedAt,
        rowsKey,
        rows: rows.length,
        labels,
        accuracy: intervalOf('accuracy', measured),
        macroF1: intervalOf('macroF1', measured),
        measured,
      }));
    });
  } finally {
    db.close();
  }
}
