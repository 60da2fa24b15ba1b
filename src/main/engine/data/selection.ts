import { fault } from '../../../shared/faults/index.ts';
import { Pcg64 } from '../../../shared/random/pcg64.ts';

export interface RowSelection {
  shuffle_seed?: number | null | undefined;
  count?: number | null | undefined;
}

/**
 * The places (from 0) of the rows that `dataset.shuffle(seed).select(range(count))` takes of `n`, in its order; without
 * a seed the first ones, without a count all. Throws `data/select-count`; `file` names the data in it.
 */
export function selectRows(n: number, selection: RowSelection, file = 'the data'): Int32Array {
  const { shuffle_seed: seed, count } = selection;
  if (count != null && count > n) throw fault('data/select-count', { file, count, rows: n });
  const order = seed == null ? Int32Array.from({ length: n }, (_, i) => i) : new Pcg64(seed).permutation(n);
  return order.slice(0, count ?? n);
}

/**
 * Splits rows by their class ids, the classes in the same proportions in both parts as near as whole rows allow, and
 * each class of two rows or more in both where there is room. `testSize`: a share below 1 (rounded up, as scikit-learn
 * does) or a number of rows. The same seed gives the same split; places are ascending. Throws `data/split-size`.
 */
export function stratifiedSplit(
  labels: ArrayLike<number>,
  { testSize, seed }: { testSize: number; seed: number },
): { train: Int32Array; test: Int32Array } {
  const rows = labels.length;
  const testRows = testSize < 1 ? Math.ceil(testSize * rows) : testSize;
  if (!Number.isInteger(testRows) || testRows < 1 || testRows >= rows) {
    throw fault('data/split-size', { testSize, rows });
  }
  const classes = new Map<number, number[]>();
  for (let i = 0; i < rows; i++) {
    const indices = classes.get(labels[i]!);
    if (indices === undefined) classes.set(labels[i]!, [i]);
    else indices.push(i);
  }
  const groups = [...classes].sort(([a], [b]) => a - b).map(([, indices]) => indices);
  const shares = testShares(
    groups.map((indices) => indices.length),
    testRows,
  );
  const random = new Pcg64(seed);
  const inTest = new Uint8Array(rows);
  for (const [i, indices] of groups.entries()) {
    for (const k of random.permutation(indices.length).subarray(0, shares[i])) inTest[indices[k]!] = 1;
  }
  const indices = Int32Array.from({ length: rows }, (_, i) => i);
  const part = (wanted: number) => indices.filter((i) => inTest[i] === wanted);
  return { train: part(0), test: part(1) };
}

/** How many rows of each class go to the test part: largest remainders, between one row and all but one if it can be. */
function testShares(sizes: readonly number[], testRows: number): number[] {
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const splittable = sizes.filter((size) => size > 1).length;
  const least = sizes.map((size) => (size > 1 && testRows >= splittable ? 1 : 0));
  const most = sizes.map((size) => (rows - testRows >= sizes.length ? size - 1 : size));
  const ideal = sizes.map((size) => (testRows * size) / rows);
  const shares = ideal.map((share, i) => Math.min(most[i]!, Math.max(least[i]!, Math.floor(share))));
  let missing = testRows - shares.reduce((sum, share) => sum + share, 0);
  while (missing !== 0) {
    const step = Math.sign(missing);
    // The class farthest below (or above) its ideal share that may still move.
    const candidates = [...shares.keys()].filter((i) =>
      step > 0 ? shares[i]! < most[i]! : shares[i]! > least[i]!,
    );
    const next = candidates.reduce((a, b) =>
      step * (ideal[b]! - shares[b]! - ideal[a]! + shares[a]!) > 0 ? b : a,
    );
    shares[next]! += step;
    missing -= step;
  }
  return shares;
}
