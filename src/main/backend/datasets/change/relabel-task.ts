import { fault } from '../../../../shared/faults/index.ts';
import { readFacets } from '../../../storage/versions/facets.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';
import { many } from '../report/words.ts';
import { editVersion, type MadeVersion } from '../version/make-version.ts';
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
