/**
 * Area under the ROC curve of one class against the rest, by the rank-sum identity (Hanley and McNeil 1982):
 * equal scores share their mean rank, which is the trapezoid rule on the curve.
 *
 * @param scores `[n]`, larger means more likely positive
 * @returns null where there is no positive or no negative row, or a score is NaN
 */
function binaryRocAuc(scores: Float64Array, isPositive: (row: number) => boolean): number | null {
  if (scores.some(Number.isNaN)) return null;
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let tied = 0;
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      if (isPositive(order[end]!)) tied += 1;
    }
    positives += tied;
    rankSum += (tied * (start + 1 + end)) / 2;
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * ROC-AUC as scikit-learn's `roc_auc_score` gives it: with two labels the curve of the second one, with more
 * the one-vs-rest mean over labels, plain (`macro`) and weighted by support.
 *
 * @param probabilities row-major `[n, numLabels]`
 * @param support rows of each label
 * @returns null where undefined: `macro` needs every label among the rows, `weighted` at least two
 */
export function rocAuc(
  probabilities: Float64Array,
  labels: ArrayLike<number>,
  support: readonly number[],
): { macro: number | null; weighted: number | null } {
  const numLabels = support.length;
  const scores = new Float64Array(labels.length);
  const of = (label: number) => {
    for (let row = 0; row < scores.length; row++) scores[row] = probabilities[row * numLabels + label]!;
    return binaryRocAuc(scores, (row) => labels[row] === label);
  };
  if (numLabels === 2) {
    const area = of(1);
    return { macro: area, weighted: area };
  }
  const areas = support.map((_, label) => of(label));
  return {
    macro: weightedMean(
      areas,
      support.map(() => 1),
    ),
    weighted: weightedMean(areas, support),
  };
}

/** Values of weight 0 may be undefined; any other undefined value makes the mean undefined. */
function weightedMean(values: readonly (number | null)[], weights: readonly number[]): number | null {
  let total = 0;
  let weightSum = 0;
  for (const [i, value] of values.entries()) {
    if (weights[i] === 0) continue;
    if (value === null) return null;
    total += value * weights[i]!;
    weightSum += weights[i]!;
  }
  return weightSum === 0 ? null : total / weightSum;
}
