/**
 * Softmax of each row, computed in float64 with the row's maximum taken off.
 *
 * @param logits row-major `[n, numLabels]`
 * @returns row-major `[n, numLabels]`; a row with a NaN logit is NaN throughout
 */
export function softmax(logits: ArrayLike<number>, numLabels: number): Float64Array {
  const probabilities = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += numLabels) {
    let max = -Infinity;
    for (let i = start; i < start + numLabels; i++) max = Math.max(max, logits[i]!);
    let sum = 0;
    for (let i = start; i < start + numLabels; i++) {
      probabilities[i] = Math.exp(logits[i]! - max);
      sum += probabilities[i]!;
    }
    for (let i = start; i < start + numLabels; i++) probabilities[i]! /= sum;
  }
  return probabilities;
}

/**
 * Index of each row's largest value; of equal ones the first, as numpy's `argmax`.
 *
 * @param values row-major `[n, numLabels]`
 * @returns `[n]`
 */
export function argmax(values: ArrayLike<number>, numLabels: number): Int32Array {
  return Int32Array.from({ length: values.length / numLabels }, (_, row) => {
    const start = row * numLabels;
    let best = 0;
    for (let i = 1; i < numLabels; i++) if (values[start + i]! > values[start + best]!) best = i;
    return best;
  });
}
