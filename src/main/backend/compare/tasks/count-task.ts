import { measure } from '../../../../shared/statistics/measured.ts';
import { openReadOnly } from '../../../storage/database.ts';
import type { RunCount } from '../../../storage/run-figures.ts';
import { readAnswers, rowsKeyOf, type Answers, type RunInput } from './answers.ts';

/** Counts runs from their answers; those on the same rows share the drawing of resamples. */
export function countTask({ database, runs }: { database: string; runs: RunInput[] }): RunCount[] {
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
      const { task, rows, columns } = group[0]!.answers;
      const { names } = task.question(columns);
      const measured = measure(
        task,
        group.map(({ answers }) => answers.columns),
      );
      return group.map(({ run: { id, finishedAt } }, i) => ({
        ...{ id, finishedAt, rowsKey, rows: rows.length, names, measured: measured[i]! },
      }));
    });
  } finally {
    db.close();
  }
}
