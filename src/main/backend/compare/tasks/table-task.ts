import type { Difference } from '../../../../shared/contract/compare.ts';
import type { Measured, Metric } from '../../../../shared/statistics/measured.ts';
import { pairedTest } from '../../../../shared/statistics/verdict.ts';
import { openReadOnly } from '../../../storage/database.ts';
import { readRunFigures, type MeasuredRun, type RunCount } from '../../../storage/run-figures.ts';

export interface TableRun extends RunCount {
  /** Against the baseline; null for the baseline itself and on other rows. */
  against: Record<Metric, Difference> | null;
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
    const baseline = input.baselineId === null ? undefined : readRunFigures(db, input.baselineId);
    return input.ids.flatMap((id) => {
      const run = readRunFigures(db, id);
      if (!run) return [];
      const { measured: _, ...count } = run;
      const tested = baseline && id !== baseline.id && run.rowsKey === baseline.rowsKey;
      return [{ ...count, against: tested ? differences(baseline, run) : null }];
    });
  } finally {
    db.close();
  }
}

/** Both metrics of a run with what its resamples gave. */
export const measuredOf = ({ accuracy, macroF1, measured }: MeasuredRun): Measured => ({
  ...measured,
  accuracy: accuracy.value,
  macroF1: macroF1.value,
});

function differences(baseline: MeasuredRun, run: MeasuredRun): Record<Metric, Difference> {
  const [a, b] = [measuredOf(baseline), measuredOf(run)];
  return {
    accuracy: differenceOf(pairedTest('accuracy', a, b)),
    macroF1: differenceOf(pairedTest('macroF1', a, b)),
  };
}

export const differenceOf = ({ difference, p, shown }: ReturnType<typeof pairedTest>): Difference => ({
  points: difference,
  p,
  shown,
});
