/** A row whose label is likely wrong, by confident learning. */
export interface LabelError {
  /** Place in the arrays. */
  index: number;
  /** The class that the model holds likeliest of those it is confident of. */
  suggested: number;
  /** Probability of the given label less that of the suggested one: the lower, the likelier an error. */
  margin: number;
}

/**
 * Confident learning (Northcutt, Jiang, Chuang 2021), "prune by noise rate" as cleanlab 2 does it: thresholds are
 * the mean self-confidence by class; the confident joint, calibrated to the label counts, says how many rows of each
 * pair of classes are wrong; those with the lowest margins are returned, the likeliest first.
 * @param probabilities row-major [n, width], from rows that the model did not train on; labels: [n]
 */
export function likelyLabelErrors(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  width: number,
): LabelError[] {
  const rows = labels.length;
  const at = (row: number, k: number): number => probabilities[row * width + k]!;
  const counts = new Float64Array(width);
  const thresholds = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    counts[labels[row]!]!++;
    thresholds[labels[row]!]! += at(row, labels[row]!);
  }
  for (let k = 0; k < width; k++) thresholds[k] = counts[k]! > 0 ? thresholds[k]! / counts[k]! : Infinity;

  const joint = Array.from({ length: width }, () => new Float64Array(width));
  for (let row = 0; row < rows; row++) {
    const suggested = confidentClass(row);
    if (suggested >= 0) joint[labels[row]!]![suggested]!++;
  }
  const calibrated = joint.map((line, label) => {
    const sum = line.reduce((total, value) => total + value, 0);
    return line.map((value, k) => {
      if (sum > 0) return (value / sum) * counts[label]!;
      return k === label ? counts[label]! : 0;
    });
  });

  const found = new Map<number, LabelError>();
  for (let label = 0; label < width; label++) {
    for (let other = 0; other < width; other++) {
      const wrong = Math.round(calibrated[label]![other]!);
      if (other === label || wrong === 0) continue;
      const margins: LabelError[] = [];
      for (let row = 0; row < rows; row++) {
        if (labels[row] === label)
          margins.push({ index: row, suggested: other, margin: at(row, label) - at(row, other) });
      }
      margins.sort((a, b) => a.margin - b.margin || a.index - b.index);
      for (const one of margins.slice(0, wrong)) {
        // A row that the model answers with its given label is none.
        if (one.margin >= 0) continue;
        const known = found.get(one.index);
        if (!known || one.margin < known.margin) found.set(one.index, one);
      }
    }
  }
  return [...found.values()].sort((a, b) => a.margin - b.margin || a.index - b.index);

  /** The likeliest class among those whose threshold the row reaches; -1: none. */
  function confidentClass(row: number): number {
    let best = -1;
    for (let k = 0; k < width; k++) {
      if (at(row, k) >= thresholds[k]! - 1e-6 && (best < 0 || at(row, k) > at(row, best))) best = k;
    }
    return best;
  }
}
