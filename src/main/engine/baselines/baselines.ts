import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import type { JobContext } from '../jobs.ts';
import { classificationMetrics } from '../metrics/classification.ts';
import { openBaseModel, type BaseModel } from '../models/base-model.ts';
import { headLabels } from '../models/checkpoint-head.ts';
import { Inference } from '../models/inference.ts';
import { elements } from '../models/parameters.ts';
import type { EncodedRows } from '../training/evaluator.ts';
import { singleLabel } from '../tasks/single-label.ts';
import { prepareData, rowsAt, type TargetRows } from '../training/prepare-data.ts';
import { encodeRows } from '../training/train.ts';
import { linearProbe } from './linear-probe.ts';

export interface Score {
  accuracy: number;
  f1_macro: number;
}

export interface BaselineResult {
  majority: Score & { label: string };
  ownHead: Score | null;
  ownHeadReason: string | null;
  linearProbe: Score | null;
  /** Rows that own head and probe answered, and that the probe learnt from. */
  evalRows: number;
  probeRows: number;
}

/** At most so many rows a side, evenly spread: enough for a figure to compare with. */
const mostRows = 1000;
/** Multiplications that the encoder may take in all; about a minute on a processor. */
const mostWork = 1e13;
/** A probe for more classes would take longer than the run. */
export const mostClasses = 200;

/**
 * What costs nothing to reach on the rows of a run: the most frequent class, the base's own head where its labels are
 * the data's, and logistic regression on the frozen encoder's mean vectors. Throws faults of models and data.
 */
export async function baselines(
  config: TrainConfig,
  baseDir: string,
  context: JobContext,
): Promise<BaselineResult> {
  const head = await headLabels(config.model);
  const data = await prepareData(singleLabel, config, baseDir, head);
  const { names } = data;
  const evaluated = data.eval ?? data.train;
  const majority = majorityScore(data.train.targets, evaluated.targets, names);
  if (!data.eval) {
    const ownHeadReason = 'No rows are evaluated.';
    return { majority, ownHead: null, ownHeadReason, linearProbe: null, evalRows: 0, probeRows: 0 };
  }
  const base = await openBaseModel(config.model, {
    head: 'none',
    overrides: config.model_overrides,
    seed: config.training.seed,
  });
  try {
    const rows = rowsWithin(base, config, [data.train, data.eval], mostRows);
    const evalRows = await encodeRows(spread(data.eval, rows), config, base, context);
    const trainRows = await encodeRows(spread(data.train, rows), config, base, context);
    const own = await ownHead(config, head, names, evalRows, context);
    return {
      majority,
      ...own,
      linearProbe: await probe(base, trainRows, evalRows, names, context),
      evalRows: evalRows.texts.length,
      probeRows: trainRows.texts.length,
    };
  } finally {
    await base.close();
  }
}

function scoreOf(logits: Float32Array, labels: readonly number[], names: readonly string[]): Score {
  const { accuracy, f1_macro } = classificationMetrics({
    logits,
    labels: Int32Array.from(labels),
    labelNames: names,
  });
  return { accuracy, f1_macro };
}

function majorityScore(
  train: readonly number[],
  labels: readonly number[],
  names: readonly string[],
): BaselineResult['majority'] {
  const counts = new Array<number>(names.length).fill(0);
  for (const label of train) counts[label]!++;
  const most = counts.indexOf(Math.max(...counts));
  const logits = new Float32Array(labels.length * names.length);
  for (let row = 0; row < labels.length; row++) logits[row * names.length + most] = 1;
  return { label: names[most]!, ...scoreOf(logits, labels, names) };
}

/** Rows a side, `most` at most, that stay within the work allowed, by the mean length of the texts in characters. */
export function rowsWithin(
  base: BaseModel,
  { data }: TrainConfig,
  sides: readonly TargetRows[],
  most: number,
): number {
  const inner = base.parameters.filter(({ name }) => !name.includes('embeddings'));
  const weights = inner.reduce((sum, { shape }) => sum + elements(shape), 0);
  const examples = sides.flatMap((side) => side.examples.slice(0, mostRows));
  const characters = examples.reduce(
    (sum, { text, textPair }) => sum + text.length + (textPair?.length ?? 0),
    0,
  );
  const limit = Math.min(data.max_length ?? Infinity, base.config.max_tokens);
  const tokens = Math.min(limit, Math.max(8, characters / examples.length / 4));
  return Math.max(50, Math.min(most, Math.floor(mostWork / (weights * tokens * 2))));
}

/** At most `most` rows, evenly spread. */
function spread<Target>(side: TargetRows<Target>, most: number): TargetRows<Target> {
  if (side.examples.length <= most) return side;
  return rowsAt(side, spreadPlaces(side.examples.length, most));
}

/** So many places of `count`, all where there are no more, evenly spread. */
export const spreadPlaces = (count: number, most: number): number[] =>
  Array.from({ length: Math.min(count, most) }, (_, i) => Math.floor((i * count) / Math.min(count, most)));

async function ownHead(
  { model, model_overrides: overrides }: TrainConfig,
  head: readonly string[] | null,
  names: readonly string[],
  rows: EncodedRows<number>,
  context: JobContext,
): Promise<Pick<BaselineResult, 'ownHead' | 'ownHeadReason'>> {
  const without = (ownHeadReason: string) => ({ ownHead: null, ownHeadReason });
  if (!head) return without('The model has no head of its own.');
  if (head.join('\n') !== names.join('\n'))
    return without(`Its head has other labels: ${head.slice(0, 6).join(', ')}.`);
  const base = await openBaseModel(model, { head: 'sequence', overrides });
  try {
    if (base.newlyInitialized.length > 0) return without('Layers below its head are not in the checkpoint.');
    const logits = await answers(base, rows, context);
    return { ownHead: scoreOf(logits, rows.targets, names), ownHeadReason: null };
  } finally {
    await base.close();
  }
}

async function answers(base: BaseModel, rows: EncodedRows, context: JobContext): Promise<Float32Array> {
  const inference = await Inference.open(base, undefined, { head: 'sequence', precision: 'fp32' });
  try {
    return await inference.logits(rows.texts, async (done) => {
      context.onEvent({ type: 'progress', phase: 'baselines', done, total: rows.texts.length, unit: 'rows' });
      await new Promise(setImmediate);
      context.signal.throwIfAborted();
    });
  } finally {
    inference.close();
  }
}

async function probe(
  base: BaseModel,
  train: EncodedRows<number>,
  evaluated: EncodedRows<number>,
  names: readonly string[],
  context: JobContext,
): Promise<Score | null> {
  if (names.length > mostClasses || new Set(train.targets).size < 2) return null;
  const inference = await Inference.open(base, undefined, { head: 'none', precision: 'fp32' });
  try {
    const width = inference.width;
    const vectors = await inference.embeddings(train.texts, 'mean');
    context.signal.throwIfAborted();
    const others = await inference.embeddings(evaluated.texts, 'mean');
    const classes = names.length;
    const logits = linearProbe({ values: vectors, width }, train.targets, classes, { values: others, width });
    return scoreOf(logits, evaluated.targets, names);
  } finally {
    inference.close();
  }
}
