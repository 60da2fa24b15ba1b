import { loadTokenizer } from '../../engine/tokenizer/load-tokenizer.ts';
import { argmax } from '../../engine/metrics/probabilities.ts';
import { openPredictor } from '../../engine/predict.ts';

export interface Comparison {
  rows: number;
  largestDifference: number;
  /** Rows whose most probable label is the same. */
  sameAnswers: number;
}

/** Logits of two ways to answer the same texts, row-major `[rows, labels]`, compared. */
export function compareLogits(first: Float32Array, second: Float32Array, labels: number): Comparison {
  if (first.length !== second.length) throw new RangeError(`${first.length} and ${second.length} logits`);
  let largestDifference = 0;
  // A NaN must not pass for a small difference.
  for (const [i, value] of first.entries()) {
    const difference = Math.abs(value - second[i]!);
    largestDifference = Math.max(largestDifference, Number.isNaN(difference) ? Infinity : difference);
  }
  const answers = argmax(second, labels);
  const sameAnswers = argmax(first, labels).filter((answer, row) => answer === answers[row]).length;
  return { rows: answers.length, largestDifference, sameAnswers };
}

/** Opens a model from disk and answers `texts` in fp32. */
export async function answer(
  options: { model: string; adapter?: string; maxLength?: number },
  texts: readonly string[],
): Promise<{ logits: Float32Array; labels: number }> {
  const tokenizer = await loadTokenizer(options.model);
  const predictor = await openPredictor({ ...options, precision: 'fp32', head: 'classification' });
  try {
    const ids = await tokenizer.encode(
      texts.map((text) => ({ text })),
      { maxLength: predictor.maxLength },
    );
    return { logits: await predictor.logits(ids), labels: predictor.labelNames.length };
  } finally {
    predictor.close();
  }
}
