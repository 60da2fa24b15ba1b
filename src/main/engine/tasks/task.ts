import type { TrainingSettings } from '../../../shared/settings/training.ts';
import type { Names, Task } from '../../../shared/tasks/task.ts';
import type { Example, ReadFile } from '../data/examples.ts';
import type { Graph, Tensor } from '../graph/graph.ts';

/** Rows of a data file with what stands in their label column. */
export interface ReadRows extends Pick<ReadFile, 'classNames'> {
  /** As messages about rows name it, and as the config does. */
  file: string;
  source: string;
  /** The label column, as it was found. */
  column: string;
  examples: readonly Example[];
  /** Of every row of the file; the examples are those that were selected. */
  values: readonly (string | number)[];
}

/** How rows become targets once it is settled what is learnt. */
export interface TargetReader<Target> {
  /** Of the head's outputs, in their order. */
  readonly names: Names;
  /** Throws `data/…` for a row that has none. */
  read(rows: ReadRows): { targets: Target[]; note: string | null };
}

/** What is learnt of training rows, and how others are read by it. */
export interface Learnt<Target> extends TargetReader<Target> {
  targets: Target[];
  /** What stands out in the column, and where the order of the names comes from; for the run's notes. */
  odd: readonly string[];
  note: string | null;
}

/** The figures of an evaluation: as metrics.json has them, and those that are single numbers, with `loss` among them. */
export interface Report {
  metrics: Record<string, unknown>;
  numbers: Record<string, number>;
}

/** A task's arithmetic: one file each, listed in `index.ts`. Outputs are row-major [rows, outputs], float32. */
export interface EngineTask<Target = unknown, Answer extends object = object> extends Task<Answer> {
  /** `head`: the names of the checkpoint's own head. Throws `data/…`. */
  learn(train: ReadRows, head: Names | null): Learnt<Target>;
  /** How rows are read for a model that is trained already, whose outputs have these names. */
  known(names: Names): TargetReader<Target>;
  /** Groups whose shares a split keeps; numbers from 0. */
  strata(targets: readonly Target[]): ArrayLike<number>;
  /** What a checkpoint remembers the targets by. */
  digest(targets: readonly Target[]): Uint8Array;
  /** The numbers a row that `loss` is fed, with `settings` and the training targets taken in. */
  lossFeed(settings: TrainingSettings, targets: readonly Target[], names: Names): LossFeed<Target>;
  /** Their sum over a step's micro-batches is the step's loss; `fed` is [rows, width]. A row of zeros has no loss. */
  loss(g: Graph, output: Tensor, fed: Tensor): Tensor;
  /** Target and answer in a line of predictions.jsonl, between the row's number and the outputs. */
  judged(answer: Answer, target: Target, names: Names): Record<string, unknown>;
  report(outputs: Float32Array, targets: readonly Target[], names: Names): Report;
}

export interface LossFeed<Target> {
  width: number;
  /** Of the micro-batches of one optimizer step, whose mean is over all rows of it, as Trainer takes it. */
  of(step: readonly (readonly Target[])[]): Float32Array[];
}
