export interface ReliabilityBin {
  /** Confidence from `from` (exclusive but for 0) to `to`. */
  from: number;
  to: number;
  rows: number;
  confidence: number;
  accuracy: number;
}

/** Equal-width bins of the predicted class's probability (Guo et al. 2017); empty ones are left out. */
export function reliability(
  scores: ArrayLike<number>,
  right: ArrayLike<boolean>,
  bins = 15,
): ReliabilityBin[] {
  const found = Array.from({ length: bins }, (_, i) => ({
    from: i / bins,
    to: (i + 1) / bins,
    rows: 0,
    confidence: 0,
    accuracy: 0,
  }));
  for (let row = 0; row < scores.length; row++) {
    const bin = found[Math.max(0, Math.min(bins - 1, Math.ceil(scores[row]! * bins) - 1))]!;
    bin.rows++;
    bin.confidence += scores[row]!;
    bin.accuracy += right[row] ? 1 : 0;
  }
  return found
    .filter(({ rows }) => rows > 0)
    .map((bin) => ({ ...bin, confidence: bin.confidence / bin.rows, accuracy: bin.accuracy / bin.rows }));
}

/** Expected calibration error: the mean distance of confidence and accuracy, weighted by rows. */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const rows = bins.reduce((sum, bin) => sum + bin.rows, 0);
  return bins.reduce((sum, bin) => sum + (bin.rows / rows) * Math.abs(bin.accuracy - bin.confidence), 0);
}

/**
 * The temperature T that makes softmax(logits/T) likeliest on held-out rows (Guo et al. 2017), between 0.05 and 20.
 * The mean log loss has one minimum in 1/T (it is convex there): found by golden section, to 1e-6.
 * @param logits row-major [n, width]; labels: [n]
 */
export function fitTemperature(logits: ArrayLike<number>, labels: ArrayLike<number>, width: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [1 / 20, 20];
  let [x, y] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atX, atY] = [logLoss(logits, labels, width, x), logLoss(logits, labels, width, y)];
  while (high - low > 1e-6) {
    if (atX < atY) {
      [high, y, atY] = [y, x, atX];
      x = high - ratio * (high - low);
      atX = logLoss(logits, labels, width, x);
    } else {
      [low, x, atX] = [x, y, atY];
      y = low + ratio * (high - low);
      atY = logLoss(logits, labels, width, y);
    }
  }
  return 2 / (low + high);
}

/** Mean of -ln softmax(logits·inverse)[label], in nats. */
function logLoss(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  width: number,
  inverse: number,
): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    let most = -Infinity;
    for (let k = 0; k < width; k++) most = Math.max(most, logits[row * width + k]! * inverse);
    let total = 0;
    for (let k = 0; k < width; k++) total += Math.exp(logits[row * width + k]! * inverse - most);
    sum += Math.log(total) + most - logits[row * width + labels[row]!]! * inverse;
  }
  return sum / labels.length;
}
