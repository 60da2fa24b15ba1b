import { Pcg64 } from '../../../shared/random/pcg64.ts';

export type SamplerKind = 'random' | 'sequential' | 'group_by_length';

/** Batches whose rows are sorted by length inside a stretch of so many batches (transformers' LengthGroupedSampler). */
const MEGABATCH = 50;

/**
 * The batches of one epoch, as row numbers; the last one may be short. A function of its arguments alone, so that a
 * resumed run meets the same batches.
 */
export function epochBatches(
  lengths: ArrayLike<number>,
  kind: SamplerKind,
  batchSize: number,
  seed: number,
  epoch: number,
): number[][] {
  const order =
    kind === 'sequential' ? Array.from(lengths, (_, i) => i) : shuffled(lengths.length, seed, epoch);
  const rows = kind === 'group_by_length' ? groupedByLength(order, lengths, batchSize) : order;
  const batches: number[][] = [];
  for (let at = 0; at < rows.length; at += batchSize) batches.push(rows.slice(at, at + batchSize));
  return batches;
}

function shuffled(count: number, seed: number, epoch: number): number[] {
  return Array.from(new Pcg64([seed, epoch]).permutation(count));
}

/** Longest first inside each stretch, and the batch with the longest row of all first: what does not fit fails at once. */
function groupedByLength(order: number[], lengths: ArrayLike<number>, batchSize: number): number[] {
  const stretch = Math.min(batchSize * MEGABATCH, Math.max(batchSize, Math.floor(order.length / 4)));
  const grouped: number[][] = [];
  for (let at = 0; at < order.length; at += stretch) {
    grouped.push(order.slice(at, at + stretch).sort((a, b) => lengths[b]! - lengths[a]!));
  }
  const longest = grouped.reduce(
    (best, rows, i) => (lengths[rows[0]!]! > lengths[grouped[best]![0]!]! ? i : best),
    0,
  );
  const first = grouped[0];
  if (first && longest > 0) {
    const rows = grouped[longest]!;
    [first[0], rows[0]] = [rows[0]!, first[0]!];
  }
  return grouped.flat();
}
