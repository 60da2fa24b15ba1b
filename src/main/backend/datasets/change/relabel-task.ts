import { fault } from '../../../../shared/faults/index.ts';
import { readFacets } from '../report/facets.ts';
import { many } from '../report/words.ts';
import { editVersion } from '../version/edit.ts';
import type { MadeVersion } from '../version/finish.ts';
import { openVersionFile } from '../version/open.ts';
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
  const db = openVersionFile(file);
  const facets = readFacets(db);
  db.close();
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
