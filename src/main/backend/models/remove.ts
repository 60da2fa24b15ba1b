import { fault } from '../../../shared/faults/index.ts';
import { CachedModel } from '../../engine/hub/cache.ts';
import type { BackendContext } from '../context.ts';
import { hubAccess, snapshotIn } from './hub-access.ts';
import type { ModelLibrary } from './library.ts';

/**
 * Takes a model out of the list; its files stay unless `deleteFiles`, which only touches the Hugging Face cache.
 * Throws `store/unknown`, `models/in-use`, `models/not-ours`.
 */
export async function removeModel(
  context: BackendContext,
  library: ModelLibrary,
  { id, deleteFiles }: { id: string; deleteFiles: boolean },
): Promise<void> {
  const { name, folder } = library.stored(id);
  const experiments = library.store.usedNowBy(id);
  if (experiments.length > 0) throw fault('models/in-use', { name, experiments });
  if (deleteFiles) await deleteSnapshot(context, folder);
  library.store.setRemoved(id, Date.now());
  context.emit('models/changed', { id });
}

async function deleteSnapshot(context: BackendContext, folder: string): Promise<void> {
  const environment = await hubAccess(context);
  const snapshot = await snapshotIn(environment, folder);
  if (snapshot === null) throw fault('models/not-ours', { folder, cache: environment.cacheDir });
  await new CachedModel(environment.cacheDir, snapshot.id).removeSnapshot(snapshot.commit);
}
