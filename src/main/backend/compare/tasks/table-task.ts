import type { Difference, Interval } from '../../../../shared/contract/compare.ts';
import type { Measured } from '../../../../shared/statistics/measured.ts';
import { pairedTest } from '../../../../shared/statistics/verdict.ts';
import type { Task } from '../../../../shared/tasks/task.ts';
import { answeredTask } from '../../../storage/answers.ts';
import { openReadOnly } from '../../../storage/database.ts';
import { readRunCount, type RunCount } from '../../../storage/run-figures.ts';

export interface TableRun extends Omit<RunCount, 'measured'> {
  /** By compared metric. */
  metrics: Record<string, Interval>;
  /** Against the baseline, by compared metric; null for the baseline itself and on other rows. */
  against: Record<string, Difference> | null;
}

/** What was counted of runs, and those on the baseline's rows tested against it. Runs without figures are left out. */
export function tableTask(input: {
  database: string;
  ids: string[];
  /** Null: the baseline has no answers to test against. */
  baselineId: string | null;
}): TableRun[] {
  const db = openReadOnly(input.database);
  try {
    const baseline = input.baselineId === null ? undefined : readRunCount(db, input.baselineId);
    return input.ids.flatMap((id) => {
      const run = readRunCount(db, id);
      if (!run) return [];
      const { measured, ...count } = run;
      const metrics = Object.fromEntries(
        Object.entries(measured.figures).map(([name, { interval }]) => [name, interval]),
      );
      const tested = baseline && id !== baseline.id && run.rowsKey === baseline.rowsKey;
      const { task } = answeredTask(db, id);
      return [{ ...count, metrics, against: tested ? differences(task, baseline.measured, measured) : null }];
    });
  } finally {
    db.close();
  }
}

/** B minus A in every compared metric. */
export const differences = ({ compared }: Task, a: Measured, b: Measured): Record<string, Difference> =>
  Object.fromEntries(compared.map((metric) => [metric.key, pairedTest(metric, a, b)]));
