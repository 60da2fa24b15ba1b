import { argmax } from '../../../shared/statistics/probabilities.ts';

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
