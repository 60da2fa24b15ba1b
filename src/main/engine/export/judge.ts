import { accuracyOf, bootstrap, cellsOf } from '../../../shared/statistics/bootstrap.ts';
import { argmax } from '../../../shared/statistics/probabilities.ts';
import { targets, tolerances, weightsOf, type TargetKey, type WeightPrecision } from './targets.ts';
import type { VerificationOutcome } from './verification.ts';

export interface JudgeOptions {
  target: TargetKey;
  precision: WeightPrecision;
  /** Labels, or elements of a vector. */
  width: number;
  /** Places of the true classes of the last rows; null without labels. */
  expected: readonly number[] | null;
  mostPointsLost: number;
}

export type Judged = Omit<VerificationOutcome, 'latency_ms'>;
type Figures = Omit<Judged, 'passed' | 'reason'>;

/** Vectors nearer than this stand for the same text. */
const SAME_COSINE = 0.9999;

/** Compares what an export answers with what the trained model does; both [texts, width], row-major. */
export function judge(reference: Float32Array, found: Float32Array, options: JudgeOptions): Judged {
  const { target, width, expected } = options;
  const vectors = targets[target].vectors === true;
  const { largest, mean, scale } = differences(reference, found);
  const rows = reference.length / width;
  const cosines = vectors ? cosinesOf(reference, found, width) : null;
  const [before, after] = [argmax(reference, width), argmax(found, width)];
  const same = cosines
    ? cosines.filter((cosine) => cosine >= SAME_COSINE).length
    : before.filter((answer, i) => answer === after[i]).length;
  const measured = expected && !vectors ? accuracies(expected, before, after, width) : null;
  const outcome = {
    rows,
    largest_difference: largest,
    mean_difference: mean,
    same_answers: same,
    smallest_cosine: cosines && cosines.reduce((least, cosine) => Math.min(least, cosine), 1),
    accuracy: measured,
  };
  const reason =
    found.length === reference.length
      ? shortfall(outcome, scale, options)
      : `It gave ${found.length} numbers instead of ${reference.length}.`;
  return { passed: reason === null, reason, ...finite(outcome) };
}

/** JSON has no NaN and no Infinity, and what reads a proof takes no other numbers. */
function finite(outcome: Figures): Figures {
  const { largest_difference: largest, mean_difference: mean, smallest_cosine: cosine } = outcome;
  return {
    ...outcome,
    largest_difference: Number.isFinite(largest) ? largest : Number.MAX_VALUE,
    mean_difference: Number.isFinite(mean) ? mean : Number.MAX_VALUE,
    smallest_cosine: cosine === null || Number.isFinite(cosine) ? cosine : -1,
  };
}

function shortfall(
  outcome: Figures,
  scale: number,
  { target, precision, mostPointsLost }: JudgeOptions,
): string | null {
  const { largest_difference: largest, smallest_cosine: cosine, accuracy } = outcome;
  const what = cosine === null ? 'logits' : 'vectors';
  if (!Number.isFinite(largest)) return `Some of its ${what} are no numbers.`;
  const tolerance = tolerances[weightsOf(target, precision)];
  if (tolerance !== null && largest > tolerance * scale) {
    return `Its ${what} are up to ${largest.toPrecision(3)} off; ${(tolerance * scale).toPrecision(2)} is allowed.`;
  }
  const lost = accuracy ? 100 * (accuracy.reference.value - accuracy.exported.value) : 0;
  if (lost > mostPointsLost)
    return `It loses ${lost.toFixed(1)} points of accuracy; ${mostPointsLost} may be lost.`;
  return null;
}

/** A NaN must not pass for a small difference. */
function differences(reference: Float32Array, found: Float32Array) {
  let [largest, sum, scale] = [0, 0, 1];
  for (const [i, value] of reference.entries()) {
    const difference = Math.abs(value - (found[i] ?? NaN));
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
    sum += difference;
    scale = Math.max(scale, Math.abs(value));
  }
  return { largest, mean: sum / Math.max(1, reference.length), scale };
}

function cosinesOf(a: Float32Array, b: Float32Array, width: number): number[] {
  return Array.from({ length: a.length / width }, (_, row) => {
    let [product, ofA, ofB] = [0, 0, 0];
    for (let i = row * width; i < (row + 1) * width; i++) {
      product += a[i]! * (b[i] ?? NaN);
      ofA += a[i]! ** 2;
      ofB += (b[i] ?? NaN) ** 2;
    }
    return product / Math.sqrt(ofA * ofB);
  });
}

function accuracies(
  expected: readonly number[],
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  width: number,
): NonNullable<VerificationOutcome['accuracy']> {
  // The fixed texts stand first and have no labels.
  const last = (answers: ArrayLike<number>) => Array.from(answers).slice(-expected.length);
  const cells = cellsOf(expected, [last(before), last(after)], width);
  const [reference, exported] = bootstrap(cells, [accuracyOf(cells, 0), accuracyOf(cells, 1)]);
  return { reference: reference!, exported: exported!, rows: expected.length };
}
