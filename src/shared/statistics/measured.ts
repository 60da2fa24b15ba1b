import { percentileInterval, type Interval } from './bootstrap.ts';
import { Sfc32 } from './sfc32.ts';

const RESAMPLES = 2000;
const SEED = 42;

export type Metric = 'accuracy' | 'macroF1';

/** A run on its rows, with all that it takes to compare it with another one on the same rows. */
export interface Measured extends Record<Metric, number> {
  /** The metrics on `RESAMPLES` resamples of the rows. */
  resamples: Record<Metric, Float32Array>;
  /** By row: 1 where it is right. */
  right: Uint8Array;
}

/**
 * Accuracy and macro F1 (scikit-learn's) of runs, on their rows and on resamples of them with replacement (Efron 1979).
 * Which rows are drawn depends on their number alone: two runs on the same rows are paired though measured apart.
 * @param expected places of the classes below `labels`, one a row, at least one; `runs`: what each answered
 */
export function measure(expected: Uint16Array, runs: readonly Uint16Array[], labels: number): Measured[] {
  const rows = expected.length;
  const classes = rowsByCell(expected, expected, labels);
  const errors = runs.map((run) => rowsByCell(expected, run, labels).filter(isError));
  const once = new Uint8Array(rows).fill(1);
  const support = supportOf(classes, once, labels);
  const found = runs.map((run, i): Measured => ({
    ...metricsOf(errors[i]!, support, once),
    resamples: { accuracy: new Float32Array(RESAMPLES), macroF1: new Float32Array(RESAMPLES) },
    right: Uint8Array.from(run, (answer, row) => Number(answer === expected[row])),
  }));
  const random = new Sfc32(SEED);
  const times = new Uint8Array(rows);
  for (let i = 0; i < RESAMPLES; i++) {
    times.fill(0);
    for (let n = 0; n < rows; n++) times[Math.floor(random.random() * rows)]!++;
    const drawnSupport = supportOf(classes, times, labels);
    for (const [run, { resamples }] of found.entries()) {
      const { accuracy, macroF1 } = metricsOf(errors[run]!, drawnSupport, times);
      resamples.accuracy[i] = accuracy;
      resamples.macroF1[i] = macroF1;
    }
  }
  return found;
}

/** The metric with its 95 % interval: the 2.5th and the 97.5th percentile over the resamples. */
export function intervalOf(metric: Metric, measured: Pick<Measured, Metric | 'resamples'>): Interval {
  return percentileInterval(measured[metric], measured.resamples[metric]);
}

/** Rows with the same expected class and the same answer. */
interface Cell {
  expected: number;
  predicted: number;
  rows: Int32Array;
}

const isError = (cell: Cell): boolean => cell.expected !== cell.predicted;

function rowsByCell(expected: Uint16Array, predicted: Uint16Array, labels: number): Cell[] {
  const found = new Map<number, number[]>();
  for (let row = 0; row < expected.length; row++) {
    const key = expected[row]! * labels + predicted[row]!;
    const rows = found.get(key);
    if (rows) rows.push(row);
    else found.set(key, [row]);
  }
  return [...found].map(([key, rows]) => ({
    expected: Math.floor(key / labels),
    predicted: key % labels,
    rows: Int32Array.from(rows),
  }));
}

function drawn({ rows }: Cell, times: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += times[rows[i]!]!;
  return sum;
}

function supportOf(classes: readonly Cell[], times: Uint8Array, labels: number): Float64Array {
  const support = new Float64Array(labels);
  for (const cell of classes) support[cell.expected] = drawn(cell, times);
  return support;
}

/** Only errors have to be counted: what is right follows from the support. */
function metricsOf(
  errors: readonly Cell[],
  support: Float64Array,
  times: Uint8Array,
): Record<Metric, number> {
  const labels = support.length;
  const [lost, gained] = [new Float64Array(labels), new Float64Array(labels)];
  let wrong = 0;
  for (const cell of errors) {
    const often = drawn(cell, times);
    wrong += often;
    lost[cell.expected]! += often;
    gained[cell.predicted]! += often;
  }
  let [f1, occurring] = [0, 0];
  for (let label = 0; label < labels; label++) {
    const right = support[label]! - lost[label]!;
    const both = support[label]! + right + gained[label]!;
    if (both === 0) continue;
    occurring++;
    f1 += (2 * right) / both;
  }
  return { accuracy: (times.length - wrong) / times.length, macroF1: f1 / occurring };
}
