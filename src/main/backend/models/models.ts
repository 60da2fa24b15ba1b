import path from 'node:path';
import type { Handlers } from '../../../shared/contract.ts';
import type { modelMethods } from '../../../shared/contract/models.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { CachedModel } from '../../engine/hub/cache.ts';
import { weightsFolder } from '../../engine/hub/resolve-model.ts';
import type { BackendContext } from '../context.ts';
import type { Description } from './describe.ts';
import { startDownload } from './download.ts';
import { hubAccess, snapshotIn } from './hub-access.ts';
import { cachedOnly, hubModelDetail, searchHub } from './hub-models.ts';
import { modelLibrary, type ModelLibrary } from './library.ts';

export function modelHandlers(context: BackendContext): Handlers<keyof typeof modelMethods> {
  const library = modelLibrary(context);
  const { reader, store } = library;
  return {
    'models/list': async () => ({ models: await library.list() }),
    'models/read': async ({ id }) => {
      const stored = library.stored(id);
      return { model: await library.present(stored), ...(await read(library, stored.folder)) };
    },
    'models/add-folder': async ({ folder }) => {
      const snapshot = await snapshotIn(await hubAccess(context), folder);
      if (snapshot === null) {
        const inner = await weightsFolder(folder);
        const origin = inner === folder ? {} : { name: path.basename(path.resolve(folder)) };
        return { model: await library.add(inner, origin) };
      }
      const { id, commit } = snapshot;
      const origin = { name: id, hubId: id, revision: commit, source: 'cache' } as const;
      return { model: await library.add(folder, origin) };
    },
    'models/cached': async () => ({ models: await cachedOnly(context, library) }),
    'models/search': (input) => searchHub(context, library, input),
    'models/hub-info': async ({ hubId }) => ({ model: await hubModelDetail(context, library, hubId) }),
    'models/download': ({ hubId }) => ({ jobId: startDownload(context, library, hubId) }),
    'models/remove': async (input) => {
      await removeModel(context, library, input);
      return {};
    },
    'models/restore': ({ id }) => {
      if (store.read(id) === null) throw fault('store/unknown', { kind: 'model', id });
      store.setRemoved(id, null);
      context.emit('models/changed', { id });
      return {};
    },
    'models/tokenize': async ({ id, text, textPair }) => {
      const { folder } = await library.usable(id);
      return reader.ask('tokenize', { folder, text, textPair });
    },
    'models/preview-adapter': async ({ id, adapter, labels }) => {
      const { folder } = await library.usable(id);
      return reader.ask('preview', { folder, adapter, labels });
    },
  };
}

/** The tree as the folder has it now; a folder that vanished has none, and the model says so. */
async function read(
  { reader }: ModelLibrary,
  folder: string,
): Promise<Pick<Description, 'tree' | 'loading' | 'licenceText' | 'tokenizerNotes'>> {
  try {
    const { tree, loading, licenceText, tokenizerNotes } = await reader.ask('describe', { folder });
    return { tree, loading, licenceText, tokenizerNotes };
  } catch (error) {
    if (error instanceof Fault) return { tree: [], loading: null, licenceText: null, tokenizerNotes: [] };
    throw error;
  }
}

/**
 * Takes a model out of the list; its files stay unless `deleteFiles`, which only touches the Hugging Face cache.
 * Throws `store/unknown`, `models/in-use`, `models/not-ours`.
 */
async function removeModel(
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
