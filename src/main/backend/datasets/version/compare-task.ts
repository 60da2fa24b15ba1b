import { isDeepStrictEqual } from 'node:util';
import type { VersionComparison } from '../../../../shared/contract/datasets.ts';
import { countClasses, readFacets } from '../../../storage/versions/facets.ts';
import { versionWork, type VersionFile } from '../../../storage/versions/version-file.ts';

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

function compareVersions(before: VersionFile, after: VersionFile): VersionComparison {
  const [old, now] = [rowsByText(before), rowsByText(after)];
  const found: Record<Change, [Row | null, Row | null][]> = {
    added: [],
    removed: [],
    relabelled: [],
    'text-changed': [],
    moved: [],
  };
  const [textBefore, textAfter] = [before.textOf(), after.textOf()];
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
      const sameText = isDeepStrictEqual(textBefore(a.row), textAfter(b.row));
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

  const read = (version: VersionFile, row: Row | null) => (row === null ? null : version.read([row.row])[0]!);
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
        .map(([a, b]) => ({ change, from: read(before, a), to: read(after, b) })),
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

function rowsByText(version: VersionFile): Map<bigint, Row[]> {
  const { labels, splits, labelNames, splitNames } = readFacets(version);
  const rows = Array.from(labels, (label, i): Row => {
    return { row: i + 1, label: labelNames[label] ?? null, split: splitNames[splits[i]!] ?? null };
  });
  const hashes = version.textHashes();
  return Map.groupBy(rows, ({ row }) => hashes[row - 1]!);
}

function classCounts(before: VersionFile, after: VersionFile): VersionComparison['classes'] {
  const of = (version: VersionFile) => {
    const { labels } = countClasses(readFacets(version));
    return (name: string): number => labels[version.labels.indexOf(name)] ?? 0;
  };
  const [from, to] = [of(before), of(after)];
  return [...new Set([...before.labels, ...after.labels])]
    .map((name) => ({ name, from: from(name), to: to(name) }))
    .filter((count) => count.from + count.to > 0);
}
