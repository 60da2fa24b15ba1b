import { Pcg64 } from '../../../../shared/random/pcg64.ts';

/**
 * The part of each row in a stratified split: every class in the shares asked for as near as whole rows allow, and rows
 * of one group in one part. `groups`: a number a row, equal for rows that stay together. What one class gets too much
 * the next gets less, so that the parts have their sizes too. The same seed gives the same parts.
 */
export function stratify(
  labels: ArrayLike<number>,
  groups: ArrayLike<number>,
  shares: readonly number[],
  seed: number,
): Int32Array {
  const parts = new Int32Array(labels.length);
  const random = new Pcg64(seed);
  const owed = shares.map(() => 0);
  for (const members of classesOf(labels, groups)) {
    const rows = members.reduce((sum, group) => sum + group.length, 0);
    shares.forEach((share, part) => (owed[part]! += share * rows));
    const shuffled = Array.from(random.permutation(members.length), (place) => members[place]!);
    // Large groups first: small ones can still even out what they upset.
    shuffled.sort((a, b) => b.length - a.length);
    for (const group of shuffled) {
      const part = owed.reduce((best, rest, i) => (rest > owed[best]! ? i : best), 0);
      owed[part]! -= group.length;
      for (const row of group) parts[row] = part;
    }
  }
  return parts;
}

/** The groups of each class, by the label of their first row; classes and groups in the order of the rows. */
function classesOf(labels: ArrayLike<number>, groups: ArrayLike<number>): number[][][] {
  const members = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const group = members.get(groups[row]!);
    if (group) group.push(row);
    else members.set(groups[row]!, [row]);
  }
  const classes = new Map<number, number[][]>();
  for (const group of members.values()) {
    const label = labels[group[0]!]!;
    const known = classes.get(label);
    if (known) known.push(group);
    else classes.set(label, [group]);
  }
  return [...classes].sort(([a], [b]) => a - b).map(([, found]) => found);
}
