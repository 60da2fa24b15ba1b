import { fault } from '../../../../shared/faults/index.ts';
import { equalTexts, readFacets } from '../../../storage/versions/facets.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';
import { list, many, percent } from '../report/phrases.ts';
import { editVersion, type MadeVersion } from '../version/make-version.ts';
import { stratify } from './stratify.ts';
import type { Tell } from '../../../engine/threads/threads.ts';

export interface RelabelInput {
  file: string;
  target: string;
  changes: { row: number; label: string }[];
}

/** A version with corrected labels. Throws `datasets/unknown-row`, `datasets/unknown-label`, `datasets/no-change`. */
export async function relabelTask(
  { file, target, changes }: RelabelInput,
  tell: Tell,
): Promise<MadeVersion & { change: string }> {
  const facets = versionWork(file, readFacets);
  const places = new Map(facets.labelNames.map((name, place) => [name, place]));
  const labels = new Map<number, number>();
  for (const { row, label } of changes) {
    if (row < 1 || row > facets.rows) throw fault('datasets/unknown-row', { row, rows: facets.rows });
    const place = places.get(label);
    if (place === undefined) throw fault('datasets/unknown-label', { label, labels: facets.labelNames });
    if (facets.labels[row - 1] === place) labels.delete(row);
    else labels.set(row, place);
  }
  if (labels.size === 0) throw fault('datasets/no-change', {});
  const made = await editVersion(file, target, { labels }, tell);
  return { ...made, change: `${many(labels.size, 'label')} corrected` };
}

export interface SplitInput {
  file: string;
  target: string;
  shares: Record<string, number>;
  seed: number;
  keepTogether: boolean;
}

/** A version with new splits. Throws `datasets/empty-split`. */
export async function splitTask(
  { file, target, shares, seed, keepTogether }: SplitInput,
  tell: Tell,
): Promise<MadeVersion & { change: string }> {
  const facets = versionWork(file, readFacets);
  const groups = Int32Array.from({ length: facets.rows }, (_, i) => i);
  if (keepTogether) {
    for (const rows of versionWork(file, equalTexts)) for (const row of rows) groups[row - 1] = rows[0]! - 1;
  }
  const splitNames = Object.keys(shares);
  const parts = stratify(facets.labels, groups, Object.values(shares), seed);
  const filled = new Set(parts);
  const empty = splitNames.findIndex((_, part) => !filled.has(part));
  if (empty !== -1) throw fault('datasets/empty-split', { split: splitNames[empty]!, rows: facets.rows });
  const splits = new Map(Array.from(parts, (part, i) => [i + 1, part]));
  const made = await editVersion(file, target, { splits, splitNames }, tell);
  const named = Object.entries(shares).map(([name, share]) => `${name} ${percent(share)}`);
  return { ...made, change: `Split into ${list(named)} (seed ${seed})` };
}
