import type { Facets } from '../../../storage/versions/facets.ts';

/** What a repair does to a version: rows that go, or labels and splits that change. */
export interface Plan {
  drop: Set<number>;
  labels: Map<number, number>;
  splits: Map<number, number>;
  /** Classes that go with their rows. */
  dropLabels: Set<number>;
}

const plan = (part: Partial<Plan>): Plan => ({
  drop: new Set(),
  labels: new Map(),
  splits: new Map(),
  dropLabels: new Set(),
  ...part,
});

export const planRemoveRows = (groups: readonly (readonly number[])[]): Plan =>
  plan({ drop: new Set(groups.flat()) });

/** Of each group the first row stays. */
export const planKeepOne = (groups: readonly (readonly number[])[]): Plan =>
  plan({ drop: new Set(groups.flatMap((rows) => rows.slice(1))) });

/** Every group gets the label that most of its rows have; a group without a majority stays as it is. */
export function planMajorityLabel(groups: readonly (readonly number[])[], { labels }: Facets): Plan {
  const changed = new Map<number, number>();
  for (const rows of groups) {
    const most = mostFrequent(rows.map((row) => labels[row - 1]!));
    if (most === null) continue;
    for (const row of rows) if (labels[row - 1] !== most) changed.set(row, most);
  }
  return plan({ labels: changed });
}

/** The value that occurs most; null where two do equally often. */
function mostFrequent(values: readonly number[]): number | null {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [first, second] = [...counts].sort((a, b) => b[1] - a[1]);
  return first === undefined || first[1] === second?.[1] ? null : first[0];
}

const EVALUATED = /^(test|testing|eval|evaluation|validation|valid|val|dev)$/i;
const TRAINED = /^(train|training)$/i;

/** Rows to be measured on stay before rows to be trained on, and those before any others; then the smaller split. */
function splitRanks({ splits, splitNames }: Facets): number[] {
  const sizes = new Array<number>(splitNames.length).fill(0);
  for (const split of splits) if (split !== -1) sizes[split]!++;
  const kind = (name: string) => (EVALUATED.test(name) ? 0 : TRAINED.test(name) ? 1 : 2);
  const order = [...splitNames.keys()].sort(
    (a, b) => kind(splitNames[a]!) - kind(splitNames[b]!) || sizes[a]! - sizes[b]!,
  );
  return splitNames.map((_, split) => order.indexOf(split));
}

/** Each text stays in one split only, the one that is measured on; its rows elsewhere go. */
export function planRemoveLeaks(groups: readonly (readonly number[])[], facets: Facets): Plan {
  const ranks = splitRanks(facets);
  const splitOf = (row: number) => facets.splits[row - 1]!;
  const drop = new Set<number>();
  for (const group of groups) {
    const rows = group.filter((row) => splitOf(row) !== -1);
    const kept = rows.map(splitOf).reduce((a, b) => (ranks[b]! < ranks[a]! ? b : a));
    for (const row of rows) if (splitOf(row) !== kept) drop.add(row);
  }
  return plan({ drop });
}

/** All rows of a text go to the split that has most of them; of two, to the one that is measured on last. */
export function planSplitTogether(groups: readonly (readonly number[])[], facets: Facets): Plan {
  const ranks = splitRanks(facets);
  const moved = new Map<number, number>();
  for (const rows of groups) {
    const counts = new Map<number, number>();
    for (const row of rows) {
      const split = facets.splits[row - 1]!;
      if (split !== -1) counts.set(split, (counts.get(split) ?? 0) + 1);
    }
    const [target] = [...counts].reduce((a, b) =>
      b[1] > a[1] || (b[1] === a[1] && ranks[b[0]]! > ranks[a[0]]!) ? b : a,
    );
    for (const row of rows) if (facets.splits[row - 1] !== target) moved.set(row, target);
  }
  return plan({ splits: moved });
}

/** The classes that these rows have go with all their rows. */
export function planRemoveClasses(groups: readonly (readonly number[])[], { labels }: Facets): Plan {
  const rows = groups.flat();
  return plan({ drop: new Set(rows), dropLabels: new Set(rows.map((row) => labels[row - 1]!)) });
}
