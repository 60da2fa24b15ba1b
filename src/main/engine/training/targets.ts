/**
 * The cross-entropy targets of one micro-batch [b,K]: one-hot labels with label smoothing and class weights, divided
 * by the number (with class weights: the weight) of all rows of the optimizer step, which is how Trainer averages
 * over accumulated micro-batches. Equals torch's CrossEntropyLoss(weight, label_smoothing).
 */
export function lossTargets(
  labels: readonly number[],
  numLabels: number,
  smoothing: number,
  classWeights: readonly number[] | null,
  stepWeight: number,
): Float32Array {
  const targets = new Float32Array(labels.length * numLabels);
  labels.forEach((label, row) => {
    for (let k = 0; k < numLabels; k++) {
      const share = (k === label ? 1 - smoothing : 0) + smoothing / numLabels;
      targets[row * numLabels + k] = (share * (classWeights?.[k] ?? 1)) / stepWeight;
    }
  });
  return targets;
}

/** What the targets of an optimizer step are divided by. */
export function stepWeight(labels: readonly number[], classWeights: readonly number[] | null): number {
  if (!classWeights) return labels.length;
  return labels.reduce((sum, label) => sum + classWeights[label]!, 0);
}

/** n / (K·n_k), as scikit-learn's `class_weight='balanced'`; a class without rows gets 0. */
export function balancedWeights(labels: ArrayLike<number>, numLabels: number): number[] {
  const counts = new Array<number>(numLabels).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  return counts.map((count) => (count === 0 ? 0 : labels.length / (numLabels * count)));
}
