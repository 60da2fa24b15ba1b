/**
 * What a task asks of a model's last layers: `outputs` numbers a text or a token, or none: the encoder's own answers
 * are used. The architecture says which modules make these of its hidden states, and what they are called.
 */
export interface HeadSpec {
  kind: 'sequence' | 'tokens' | 'none';
  outputs: number;
}

/** A column that the rows of a task need. */
export interface ColumnRole {
  /** The setting in a config's `data` that names it. */
  setting: string;
  /** What stands in it, in a few words. */
  words: string;
  /** Whether rows can be without it. */
  optional: boolean;
}

/** A figure of an evaluation. */
export interface Metric {
  /** As in metrics.json. */
  key: string;
  name: string;
  higherIsBetter: boolean;
  /** A share of something, shown as per cent and compared in points; else a number as it is. */
  share: boolean;
  /** It is the share of rows that are right: two runs are tested by the rows that only one of them has right. */
  countsRows?: boolean;
}

/** A row's target and answer as the store keeps them. */
export interface KeptAnswer {
  row: number;
  /** 1 where the answer is not the target; indexed. */
  wrong: 0 | 1;
  /** Both, as the task writes them. */
  answer: Uint8Array;
}

/** Target and answer as a list of rows shows them, filters them and puts them in order. */
export interface ShownAnswer {
  expected: string;
  predicted: string;
  /** How sure the model is of its answer. */
  score: number;
  /** How near the answer is to the target: the more, the nearer. */
  expectedScore: number;
}

/** The last evaluation of a run: its single numbers; what the task has to say beside them is its own. */
export interface Evaluation {
  /** Names of the head's outputs: the labels of a classifier. */
  labels: string[];
  rows: number;
  metrics: Record<string, number>;
  [detail: string]: unknown;
}

/** Names of a head's outputs, in their order. */
export type Names = readonly string[];

/**
 * What window, store, command line and files agree on about a kind of question: one file each, listed in `index.ts`.
 * Its arithmetic for training is in `engine/tasks`. `Answer`: what a model says of one row; `Columns`: a run's targets
 * and answers for comparing, one entry a row.
 */
export interface Task<Answer extends object = object, Columns = unknown> {
  /** As in a config's `task`. */
  readonly key: string;
  /** What is learnt: "one class a text". */
  readonly learns: string;
  readonly columns: readonly ColumnRole[];
  /** The main one first. */
  readonly metrics: readonly Metric[];
  /** Keys of those that a page shows, and that the command line prints. */
  readonly listed: { page: readonly string[]; text: readonly string[] };
  /** Those of them that have intervals and paired tests; the main one first. */
  readonly compared: readonly Metric[];
  head(outputs: number): HeadSpec;
  /** Answers to rows, of the numbers [rows, outputs] that the head gives for them. */
  answers(outputs: Float32Array, names: Names): Answer[];
  /** An answer in a line of `predict`, before the outputs themselves. */
  line(answer: Answer): Record<string, unknown>;
  /** What a reply over HTTP says more. */
  more(answer: Answer, names: Names): Record<string, unknown>;
  /** An answer as cells of a table, in the order of the columns' names. */
  cells(answer: Answer): (string | number)[];
  cellNames(names: Names): string[];
  /** Target and answer as a line of predictions.jsonl says them, and as the store keeps them. */
  keep(line: unknown, names: Names): KeptAnswer;
  shown(kept: Uint8Array, names: Names): ShownAnswer;
  /** metrics.json's `metrics` as a run's evaluation. */
  evaluation(report: unknown): Evaluation;
  /** Targets that rows have and no answer gives, by name; where that can be said. */
  unanswered?(evaluation: Evaluation): string[];
  /** Kept answers of a run. Columns of two runs are alike however their models order the names. */
  columnsOf(kept: Iterable<Uint8Array>, rows: number, names: Names): Columns;
  /** What two runs must share to be compared: the names, and the rows' targets as bytes. */
  question(columns: Columns): { names: Names; targets: ArrayBufferView };
  /** Equal for rows of two runs with the same target. */
  targetKey(columns: Columns, place: number): string;
  at(columns: Columns, places: Int32Array): Columns;
  /** By row: 1 where the answer is the target. */
  right(columns: Columns): Uint8Array;
  /** The compared metrics of runs on the same rows, of which the one at `i` counts `times[i]` times: [runs][compared]. */
  statistic(runs: readonly Columns[]): (times: Uint8Array) => number[][];
}
