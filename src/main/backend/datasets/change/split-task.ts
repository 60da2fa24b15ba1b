import { fault } from '../../../../shared/faults/index.ts';
import { equalTexts, readFacets } from '../../../storage/versions/facets.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';
import { list, percent } from '../report/words.ts';
import { editVersion, type MadeVersion } from '../version/make-version.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import { stratify } from './stratify.ts';

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
