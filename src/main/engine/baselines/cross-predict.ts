import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import { fault } from '../../../shared/faults/index.ts';
import { likelyLabelErrors } from '../../../shared/statistics/label-errors.ts';
import type { JobContext } from '../jobs.ts';
import { openBaseModel } from '../models/base-model.ts';
import { headLabels } from '../models/checkpoint-head.ts';
import { Inference } from '../models/inference.ts';
import { singleLabel } from '../tasks/single-label.ts';
import { prepareData, rowsAt } from '../training/prepare-data.ts';
import { encodeRows } from '../training/train.ts';
import { mostClasses, rowsWithin, spreadPlaces } from './baselines.ts';
import { linearProbe } from './linear-probe.ts';

/** Labels of training rows that rows without them contradict. */
export interface CrossPrediction {
  /** Places of the rows looked at among the training rows: all, or evenly spread ones of very many. */
  places: number[];
  /** Share of them that is answered with its label by a probe that did not see it. */
  accuracy: number;
  /** The likeliest first; `at`: in `places`. */
  errors: { at: number; suggested: string; probability: number }[];
}

const FOLDS = 5;
const FEWEST_ROWS = 20;
const MOST_ROWS = 5000;

/**
 * Looks for label errors in training rows by cross-prediction: each fifth is answered by a logistic regression on the
 * frozen encoder's mean vectors of the other four, so that no row's label speaks for itself; then confident learning.
 * Throws `compare/cross-prediction` and faults of models and data.
 */
export async function crossPredict(
  config: TrainConfig,
  baseDir: string,
  context: JobContext,
): Promise<CrossPrediction> {
  const data = await prepareData(singleLabel, config, baseDir, await headLabels(config.model));
  const { names } = data;
  const [rows, classes] = [data.train.examples.length, new Set(data.train.targets).size];
  if (rows < FEWEST_ROWS || classes < 2 || names.length > mostClasses) {
    throw fault('compare/cross-prediction', { rows, fewest: FEWEST_ROWS, classes, most: mostClasses });
  }
  const base = await openBaseModel(config.model, {
    head: 'none',
    overrides: config.model_overrides,
    seed: config.training.seed,
  });
  try {
    const places = spreadPlaces(rows, rowsWithin(base, config, [data.train], MOST_ROWS));
    const looked = rowsAt(data.train, places);
    const encoded = await encodeRows(looked, config, base, context);
    const inference = await Inference.open(base, undefined, { head: 'none', precision: 'fp32' });
    try {
      const values = await inference.embeddings(encoded.texts, 'mean');
      context.signal.throwIfAborted();
      const probabilities = await outOfFold(
        { values, width: inference.width },
        looked.targets,
        foldsOf(
          looked.examples.map(({ text, textPair }) => `${text}\n${textPair ?? ''}`),
          looked.targets,
        ),
        names.length,
        context,
      );
      return judged(places, probabilities, looked.targets, names);
    } finally {
      inference.close();
    }
  } finally {
    await base.close();
  }
}

/** The fold of each row: classes evenly over the folds; equal texts in one, lest they answer for each other. */
export function foldsOf(texts: readonly string[], labels: readonly number[]): number[] {
  const byText = new Map<string, number>();
  const next = new Map<number, number>();
  return texts.map((text, row) => {
    const known = byText.get(text);
    if (known !== undefined) return known;
    const place = next.get(labels[row]!) ?? 0;
    next.set(labels[row]!, place + 1);
    const fold = place % FOLDS;
    byText.set(text, fold);
    return fold;
  });
}

/** Probabilities [rows, classes], row-major, each from the rows of the other folds. */
async function outOfFold(
  vectors: { values: Float32Array; width: number },
  labels: readonly number[],
  folds: readonly number[],
  classes: number,
  context: JobContext,
): Promise<Float64Array> {
  const { width } = vectors;
  const found = new Float64Array(labels.length * classes);
  const part = (rows: readonly number[]) => {
    const values = new Float32Array(rows.length * width);
    rows.forEach((row, i) => values.set(vectors.values.subarray(row * width, (row + 1) * width), i * width));
    return { values, width };
  };
  for (let fold = 0; fold < FOLDS; fold++) {
    context.onEvent({ type: 'progress', phase: 'cross-prediction', done: fold, total: FOLDS, unit: 'folds' });
    await new Promise(setImmediate);
    context.signal.throwIfAborted();
    const all = [...folds.keys()];
    const [held, rest] = [all.filter((row) => folds[row] === fold), all.filter((row) => folds[row] !== fold)];
    if (held.length === 0 || rest.length === 0) continue;
    const known = rest.map((row) => labels[row]!);
    const logits = linearProbe(part(rest), known, classes, part(held));
    held.forEach((row, i) => {
      for (let k = 0; k < classes; k++) found[row * classes + k] = Math.exp(logits[i * classes + k]!);
    });
  }
  return found;
}

function judged(
  places: number[],
  probabilities: Float64Array,
  labels: readonly number[],
  names: readonly string[],
): CrossPrediction {
  const width = names.length;
  const at = (row: number, k: number) => probabilities[row * width + k]!;
  const right = labels.filter((label, row) => names.every((_, k) => at(row, k) <= at(row, label)));
  return {
    places,
    accuracy: right.length / labels.length,
    errors: likelyLabelErrors(probabilities, labels, width).map(({ index, suggested }) => ({
      at: index,
      suggested: names[suggested]!,
      probability: at(index, suggested),
    })),
  };
}
