import { z } from 'zod';
import { argmax, softmax } from '../statistics/probabilities.ts';
import type { Evaluation, Metric, Task } from './task.ts';

/** The class of a text, with every class's probability in the order of the names. */
export interface ClassAnswer {
  label: string;
  /** The label's probability. */
  score: number;
  probabilities: number[];
}

/** A run's answers, one a row; classes are places in `labels`. */
export interface ClassColumns {
  /** In the order of their names, whatever order the run's model has. */
  labels: string[];
  expected: Uint16Array;
  predicted: Uint16Array;
}

export const classMetricsSchema = z.object({
  label: z.string(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  support: z.number().int().nonnegative(),
});

/** What an evaluation says of the classes. */
export const classDetailSchema = z.object({
  perClass: z.array(classMetricsSchema),
  /** [expected][predicted] */
  confusion: z.array(z.array(z.number().int().nonnegative())),
});
export type ClassDetail = z.infer<typeof classDetailSchema>;

/** Classes that rows have and no row is answered with. */
export const unansweredClasses = ({ perClass, confusion }: ClassDetail): string[] =>
  perClass
    .filter(({ support }, place) => support > 0 && confusion.every((row) => row[place] === 0))
    .map(({ label }) => label);

const share = (key: string, name: string): Metric => ({ key, name, higherIsBetter: true, share: true });
const metrics: readonly Metric[] = [
  { ...share('accuracy', 'accuracy'), countsRows: true },
  share('f1_macro', 'macro F1'),
  share('f1_weighted', 'weighted F1'),
  { ...share('mcc', 'MCC'), share: false },
  { ...share('roc_auc', 'ROC AUC'), share: false },
  { ...share('log_loss', 'log loss'), higherIsBetter: false, share: false },
  share('f1_micro', 'micro F1'),
  share('precision_macro', 'macro precision'),
  share('precision_micro', 'micro precision'),
  share('precision_weighted', 'weighted precision'),
  share('recall_macro', 'macro recall'),
  share('recall_micro', 'micro recall'),
  share('recall_weighted', 'weighted recall'),
];

const lineSchema = z.object({
  row: z.number(),
  label: z.string(),
  expected: z.string(),
  logits: z.array(z.number()),
});
const reportSchema = z
  .looseObject({
    per_class: classDetailSchema.shape.perClass,
    confusion_matrix: classDetailSchema.shape.confusion,
  })
  .transform(({ per_class: perClass, confusion_matrix: confusion, ...rest }): Evaluation & ClassDetail => {
    const numbers = Object.fromEntries(
      Object.entries(rest).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
    );
    const loss = numbers['log_loss'];
    return {
      labels: perClass.map(({ label }) => label),
      rows: perClass.reduce((sum, { support }) => sum + support, 0),
      metrics: loss === undefined ? numbers : { ...numbers, loss },
      perClass,
      confusion,
    };
  });

/** Of a kept answer: the place of the expected class (uint16) and two bytes more, then a float32 a class; little-endian. */
const LOGITS_FROM = 4;

/** Logits of a kept answer, to a place of `into`. */
export function keptLogits(kept: Uint8Array, into: Float32Array, at = 0): void {
  new Uint8Array(into.buffer, into.byteOffset + at * into.BYTES_PER_ELEMENT).set(kept.subarray(LOGITS_FROM));
}
export const keptClass = (kept: Uint8Array): number => kept[0]! | (kept[1]! << 8);

/** One class a text. */
export const singleLabel: Task<ClassAnswer, ClassColumns> = {
  key: 'single_label_classification',
  learns: 'one class a text',
  columns: [{ setting: 'label_column', words: 'the class, as a name or a number', optional: false }],
  metrics,
  listed: {
    page: [
      'accuracy',
      'f1_macro',
      'mcc',
      'precision_macro',
      'recall_macro',
      'f1_weighted',
      'roc_auc',
      'loss',
    ],
    text: ['accuracy', 'f1_macro', 'f1_weighted', 'mcc', 'roc_auc', 'log_loss'],
  },
  compared: metrics.slice(0, 2),
  head: (outputs) => ({ kind: 'sequence', outputs }),
  answers(outputs, names) {
    const width = names.length;
    const all = softmax(outputs, width);
    return Array.from(argmax(outputs, width), (best, i) => {
      const probabilities = [...all.subarray(i * width, (i + 1) * width)];
      return { label: names[best]!, score: probabilities[best]!, probabilities };
    });
  },
  line: ({ label, score }) => ({ label, score }),
  more: ({ probabilities }, names) => ({
    scores: Object.fromEntries(names.map((name, i) => [name, probabilities[i]!])),
  }),
  cells: ({ label, score, probabilities }) => [label, score, ...probabilities],
  cellNames: (names) => ['label', 'score', ...names.map((name) => `probability_${name}`)],
  keep(line, names) {
    const { row, label, expected, logits } = lineSchema.parse(line);
    const answer = new Uint8Array(LOGITS_FROM + logits.length * Float32Array.BYTES_PER_ELEMENT);
    const place = names.indexOf(expected);
    answer.set([place & 0xff, place >> 8]);
    answer.set(new Uint8Array(Float32Array.from(logits).buffer), LOGITS_FROM);
    return { row, wrong: label === expected ? 0 : 1, answer };
  },
  shown(kept, names) {
    const logits = new Float32Array(names.length);
    keptLogits(kept, logits);
    const probabilities = softmax(logits, names.length);
    const [expected, predicted] = [keptClass(kept), likeliest(logits)];
    return {
      expected: names[expected]!,
      predicted: names[predicted]!,
      score: probabilities[predicted]!,
      expectedScore: probabilities[expected]!,
    };
  },
  evaluation: (report) => reportSchema.parse(report),
  unanswered: (evaluation) => unansweredClasses(classDetailSchema.parse(evaluation)),
  columnsOf(kept, rows, names) {
    const labels = names.toSorted();
    const places = names.map((name) => labels.indexOf(name));
    const columns = { labels, expected: new Uint16Array(rows), predicted: new Uint16Array(rows) };
    const logits = new Float32Array(names.length);
    let row = 0;
    for (const answer of kept) {
      keptLogits(answer, logits);
      columns.expected[row] = places[keptClass(answer)]!;
      columns.predicted[row] = places[likeliest(logits)]!;
      row++;
    }
    return columns;
  },
  question: ({ labels, expected }) => ({ names: labels, targets: expected }),
  targetKey: ({ labels, expected }, place) => labels[expected[place]!]!,
  at: ({ labels, expected, predicted }, places) => ({
    labels,
    expected: Uint16Array.from(places, (place) => expected[place]!),
    predicted: Uint16Array.from(places, (place) => predicted[place]!),
  }),
  right: ({ expected, predicted }) =>
    Uint8Array.from(expected, (label, row) => Number(label === predicted[row])),
  statistic: accuracyAndMacroF1,
};

/** As `argmax` of one row, without an array for it. */
function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let k = 1; k < logits.length; k++) if (logits[k]! > logits[best]!) best = k;
  return best;
}

/** Accuracy and macro F1 as scikit-learn takes them: the mean over the classes that occur or are predicted. */
function accuracyAndMacroF1(runs: readonly ClassColumns[]): (times: Uint8Array) => number[][] {
  const { expected, labels } = runs[0]!;
  const classes = rowsByCell(expected, expected, labels.length);
  // Only errors have to be counted: what is right follows from the support.
  const errors = runs.map(({ predicted }) =>
    rowsByCell(expected, predicted, labels.length).filter((cell) => cell.expected !== cell.predicted),
  );
  return (times) => {
    const support = new Float64Array(labels.length);
    for (const cell of classes) support[cell.expected] = drawn(cell, times);
    return errors.map((cells) => {
      const [lost, gained] = [new Float64Array(labels.length), new Float64Array(labels.length)];
      let wrong = 0;
      for (const cell of cells) {
        const often = drawn(cell, times);
        wrong += often;
        lost[cell.expected]! += often;
        gained[cell.predicted]! += often;
      }
      let [f1, occurring] = [0, 0];
      for (let label = 0; label < labels.length; label++) {
        const right = support[label]! - lost[label]!;
        const both = support[label]! + right + gained[label]!;
        if (both === 0) continue;
        occurring++;
        f1 += (2 * right) / both;
      }
      return [(times.length - wrong) / times.length, f1 / occurring];
    });
  };
}

/** Rows with the same expected class and the same answer. */
interface Cell {
  expected: number;
  predicted: number;
  rows: Int32Array;
}

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
