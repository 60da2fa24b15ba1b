import type { VersionComparison } from '../../../../shared/contract/datasets.ts';
import { readRows, versionWork } from '../rows/read-rows.ts';
import type { OpenVersion } from '../rows/connections.ts';

type Change = keyof VersionComparison['counts'];
/** Rows of each kind that are shown. */
const SHOWN_ROWS = 20;

interface Row {
  row: number;
  label: string | null;
  split: string | null;
}

/**
 * What a version has that another one has not. Rows with equal texts are the same row, those of equal labels first; of
 * what is left, rows of equal number and label whose neighbours stayed are rows with a changed text where both versions
 * have as many rows. Throws `datasets/file-…`.
 */
export function compareTask({ from, to }: { from: string; to: string }): VersionComparison {
  return versionWork(from, (before) => versionWork(to, (after) => compareVersions(before, after)));
}

function compareVersions(before: OpenVersion, after: OpenVersion): VersionComparison {
  const [old, now] = [rowsByText(before), rowsByText(after)];
  const found: Record<Change, [Row | null, Row | null][]> = {
    added: [],
    removed: [],
    relabelled: [],
    'text-changed': [],
    moved: [],
  };
  const textQuery = ({ db }: OpenVersion) =>
    db
      .prepare<[number], string>("SELECT text || char(0) || coalesce(text_pair, '') FROM rows WHERE row = ?")
      .pluck();
  const [textBefore, textAfter] = [textQuery(before), textQuery(after)];
  let unchanged = 0;
  const left: Row[][] = [];
  const came: Row[][] = [];
  for (const [hash, rows] of old) {
    const others = now.get(hash) ?? [];
    now.delete(hash);
    const { pairs, gone, added } = pairRows(rows, others);
    left.push(gone);
    came.push(added);
    for (const [a, b] of pairs) {
      if (a.label !== b.label) found.relabelled.push([a, b]);
      if (a.split !== b.split) found.moved.push([a, b]);
      // The hash of a text leaves out capitals and spaces.
      const sameText = textBefore.get(a.row) === textAfter.get(b.row);
      if (!sameText) found['text-changed'].push([a, b]);
      if (sameText && a.label === b.label && a.split === b.split) unchanged++;
    }
  }
  const byNumber = new Map([...came, ...now.values()].flat().map((row) => [row.row, row]));
  const sameRows = before.rows === after.rows;
  for (const row of left.flat()) {
    const other = sameRows ? byNumber.get(row.row) : undefined;
    if (other?.label === row.label) {
      found['text-changed'].push([row, other]);
      byNumber.delete(row.row);
    } else found.removed.push([row, null]);
  }
  for (const row of byNumber.values()) found.added.push([null, row]);

  const one = (version: OpenVersion, row: Row | null) =>
    row === null ? null : readRows(version, [row.row])[0]!;
  const order = (Object.keys(found) as Change[]).filter((change) => found[change].length > 0);
  return {
    counts: {
      added: found.added.length,
      removed: found.removed.length,
      relabelled: found.relabelled.length,
      'text-changed': found['text-changed'].length,
      moved: found.moved.length,
    },
    unchanged,
    classes: classCounts(before, after),
    rows: order.flatMap((change) =>
      found[change]
        .sort(([a, b], [c, d]) => (a ?? b)!.row - (c ?? d)!.row)
        .slice(0, SHOWN_ROWS)
        .map(([a, b]) => ({ change, from: one(before, a), to: one(after, b) })),
    ),
  };
}

/** Rows of one text in both versions: those of equal labels belong together first, then the others in their order. */
function pairRows(rows: readonly Row[], others: readonly Row[]) {
  const byLabel = Map.groupBy(others, ({ label }) => label);
  const open = new Map(Array.from(byLabel, ([label, of]) => [label, of.values()]));
  const pairs: [Row, Row][] = [];
  const gone: Row[] = [];
  for (const row of rows) {
    const same = open.get(row.label)?.next().value;
    if (same) pairs.push([row, same]);
    else gone.push(row);
  }
  const added = [...open.values()].flatMap((rest) => [...rest]).sort((a, b) => a.row - b.row);
  const both = Math.min(gone.length, added.length);
  for (let i = 0; i < both; i++) pairs.push([gone[i]!, added[i]!]);
  return { pairs, gone: gone.slice(both), added: added.slice(both) };
}

function rowsByText({ db, labels, splits }: OpenVersion): Map<bigint, Row[]> {
  const all = db
    .prepare<[], [bigint, bigint, bigint | null, bigint | null]>(
      'SELECT text_hash, row, label, split FROM rows ORDER BY row',
    )
    .raw()
    .safeIntegers();
  const name = (names: readonly string[], place: bigint | null) =>
    place === null ? null : (names[Number(place)] ?? null);
  const rows = new Map<bigint, Row[]>();
  for (const [hash, row, label, split] of all.iterate()) {
    const one = { row: Number(row), label: name(labels, label), split: name(splits, split) };
    const same = rows.get(hash);
    if (same) same.push(one);
    else rows.set(hash, [one]);
  }
  return rows;
}

function classCounts(before: OpenVersion, after: OpenVersion): VersionComparison['classes'] {
  const of = ({ db, labels }: OpenVersion) =>
    new Map(
      db
        .prepare<[], [number, number]>(
          'SELECT label, count(*) FROM rows WHERE label IS NOT NULL GROUP BY label',
        )
        .raw()
        .all()
        .map(([place, rows]) => [labels[place] ?? '', rows]),
    );
  const [from, to] = [of(before), of(after)];
  const names = [...new Set([...before.labels, ...after.labels])];
  return names
    .map((name) => ({ name, from: from.get(name) ?? 0, to: to.get(name) ?? 0 }))
    .filter((one) => one.from + one.to > 0);
}
