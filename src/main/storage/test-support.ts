import type { Db } from './database.ts';
import { ModelStore, type StoredModel } from './models.ts';

/** A model in the store, of which nothing is known that is not given. */
export function insertModel(
  db: Db,
  model: Pick<StoredModel, 'id' | 'name' | 'folder'> & Partial<StoredModel>,
): void {
  new ModelStore(db).insert({
    ...{ source: 'folder', hubId: null, revision: null, sha256: null, bytes: 1, addedAt: 1 },
    facts: {
      ...{
        architecture: 'bert',
        unsupported: null,
        parameters: 0,
        layers: null,
        hiddenSize: null,
        maxLength: null,
      },
      ...{ headLabels: null, otherHead: null, licence: null, weights: [], changedTo: null },
    },
    ...model,
  });
}
