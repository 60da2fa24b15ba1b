import type { VersionFile } from './version-file.ts';

/** Labels and splits of all rows by place: what a report and a repair reckon with, without the texts. */
export interface Facets {
  rows: number;
  /** Index: row - 1. -1: none. */
  labels: Int32Array;
  splits: Int32Array;
  labelNames: string[];
  splitNames: string[];
}

export function readFacets({ db, rows, labels: labelNames, splits: splitNames }: VersionFile): Facets {
  const labels = new Int32Array(rows).fill(-1);
  const splits = new Int32Array(rows).fill(-1);
  const all = db
    .prepare<[], [number, number | null, number | null]>('SELECT row, label, split FROM rows')
    .raw()
    .iterate();
  for (const [row, label, split] of all) {
    labels[row - 1] = label ?? -1;
    splits[row - 1] = split ?? -1;
  }
  return { rows, labels, splits, labelNames, splitNames };
}

/** Rows by label, and rows by label in each split. */
export function countClasses({ labels, splits, labelNames, splitNames }: Facets): {
  labels: number[];
  splits: number[][];
} {
  const all = new Array<number>(labelNames.length).fill(0);
  const each = splitNames.map(() => new Array<number>(labelNames.length).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label === -1) continue;
    all[label]!++;
    const split = each[splits[i]!];
    if (split) split[label]!++;
  }
  return { labels: all, splits: each };
}

/** Rows that hold the same folded text, two or more, in their order; groups by their first row. */
export function equalTexts({ db }: VersionFile): number[][] {
  const groups: number[][] = [];
  let first = 0;
  let group: number[] | null = null;
  const sorted = db
    .prepare<[], [number, number | null]>(
      'SELECT row, text_hash = lag(text_hash) OVER (ORDER BY text_hash, row) FROM rows ORDER BY text_hash, row',
    )
    .raw()
    .iterate();
  for (const [row, same] of sorted) {
    if (same !== 1) {
      first = row;
      group = null;
    } else if (group === null) groups.push((group = [first, row]));
    else group.push(row);
  }
  return groups.sort((a, b) => a[0]! - b[0]!);
}
