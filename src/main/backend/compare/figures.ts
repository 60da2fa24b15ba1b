import { accuracyOf, bootstrap, cellsOf, macroF1Of, type Interval } from '../../../shared/statistics/bootstrap.ts';
import { expectedCalibrationError, reliability } from '../../../shared/statistics/calibration.ts';
import { pairedTest, type PairedTest } from '../../../shared/statistics/verdict.ts';
import { openReadOnly } from '../../storage/database.ts';
import { readRun, sameRows, type RunPredictions } from './read-runs.ts';

export interface FiguresTask {
  database: string;
  runs: { id: string; name: string; labels: number }[];
  baselineId: string | null;
}

export interface RunFigures {
  id: string;
  rows: number;
  accuracy: Interval | null;
  f1Macro: Interval | null;
  ece: number | null;
}

export interface Figures {
  runs: RunFigures[];
  /** By run, against the baseline; null where the rows are not the same. */
  tests: { id: string; tests: PairedTest[] | null }[];
}

/** Metrics with intervals of each run, and paired tests against the baseline. Runs in a thread. */
export function figures({ database, runs, baselineId }: FiguresTask): Figures {
  const db = openReadOnly(database);
  try {
    const read = new Map(runs.map(({ id }) => [id, readRun(db, id)]));
    const baseline = runs.find(({ id }) => id === baselineId);
    const base = baseline && read.get(baseline.id);
    return {
      runs: runs.map(({ id, labels }) => ({ id, ...figuresOf(read.get(id)!, labels) })),
      tests: runs
        .filter(({ id }) => base !== undefined && id !== baselineId)
        .map(({ id, name, labels }) => {
          const run = read.get(id)!;
          if (!base || run.rows.length === 0 || !sameRows(base, run)) return { id, tests: null };
          const [a, b] = [
            { name: baseline.name, predicted: base.predicted },
            { name, predicted: run.predicted },
          ];
          return {
            id,
            tests: (['accuracy', 'f1_macro'] as const).map((metric) => pairedTest(metric, run.expected, a, b, labels)),
          };
        }),
    };
  } finally {
    db.close();
  }
}

function figuresOf({ rows, expected, predicted, scores }: RunPredictions, labels: number): Omit<RunFigures, 'id'> {
  if (rows.length === 0) return { rows: 0, accuracy: null, f1Macro: null, ece: null };
  const cells = cellsOf(expected, [predicted], labels);
  const [accuracy, f1Macro] = bootstrap(cells, [accuracyOf(cells, 0), macroF1Of(cells, 0)]);
  const right = Array.from(predicted, (label, i) => label === expected[i]);
  return {
    rows: rows.length,
    accuracy: accuracy!,
    f1Macro: f1Macro!,
    ece: expectedCalibrationError(reliability(scores, right)),
  };
}
