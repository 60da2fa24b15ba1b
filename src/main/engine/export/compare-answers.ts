import { argmax } from '../../../shared/statistics/probabilities.ts';
import { openPredictor } from '../predict.ts';

export interface Answers {
  texts: readonly string[];
  /** [texts, labels], row-major. */
  logits: Float32Array;
  labels: number;
}

/**
 * Opens a model from disk and answers `texts` in fp32. An adapter is computed beside the base weights, so that a
 * comparison with merged weights proves the merge. Throws as `openPredictor` does.
 */
export async function answerTexts(
  options: { model: string; adapter?: string | undefined; maxLength?: number | undefined },
  texts: readonly string[],
): Promise<Answers> {
  const { model, adapter, maxLength } = options;
  const predictor = await openPredictor({
    model,
    adapter,
    maxLength,
    precision: 'fp32',
    head: 'sequence',
    folded: false,
  });
  try {
    const inputs = texts.map((text) => ({ text }));
    const encoded = await predictor.tokenizer.encode(inputs, { maxLength: predictor.maxLength });
    return { texts, logits: await predictor.logits(encoded), labels: predictor.labelNames.length };
  } finally {
    predictor.close();
  }
}

export interface Comparison {
  rows: number;
  largest_difference: number;
  /** Rows whose most probable label is the same. */
  same_answers: number;
}

/** Logits of two ways to answer the same texts, row-major [rows, labels], compared. */
export function compareLogits(first: Float32Array, second: Float32Array, numLabels: number): Comparison {
  if (first.length !== second.length) throw new RangeError(`${first.length} and ${second.length} logits`);
  let largest = 0;
  // A NaN must not pass for a small difference.
  for (const [i, value] of first.entries()) {
    const difference = Math.abs(value - second[i]!);
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
  }
  const answers = argmax(second, numLabels);
  const same = argmax(first, numLabels).filter((answer, row) => answer === answers[row]).length;
  return { rows: answers.length, largest_difference: largest, same_answers: same };
}
