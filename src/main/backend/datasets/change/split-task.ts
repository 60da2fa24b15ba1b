import { fault } from '../../../../shared/faults/index.ts';
import { equalTexts, readFacets } from '../report/facets.ts';
import { list, percent } from '../report/words.ts';
import { editVersion } from '../version/edit.ts';
import type { MadeVersion } from '../version/finish.ts';
import { openVersionFile } from '../version/open.ts';
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
  const db = openVersionFile(file);
  const facets = readFacets(db);
  const groups = Int32Array.from({ length: facets.rows }, (_, i) => i);
  if (keepTogether) {
    for (const rows of equalTexts(db)) for (const row of rows) groups[row - 1] = rows[0]! - 1;
  }
  db.close();
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
