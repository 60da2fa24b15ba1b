import path from 'node:path';
import type { Handlers } from '../../../shared/contract.ts';
import { forgetRemoved, removedFiles } from '../../storage/datasets.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { madeKinds } from './storage-made.ts';
import {
  filesIn,
  filled,
  folderEntry,
  isInside,
  isNoLink,
  measured,
  removePaths,
  type Entry,
  type Kind,
  type StorageItem,
} from './storage-sizes.ts';

/** What takes how much, and cleaning that deletes no more than it showed. */
export function storageHandlers(context: BackendContext): Handlers<'system/storage' | 'system/clean'> {
  const kinds = storageKinds(context);
  const cleaned = async ({ entries }: Kind): Promise<Entry[]> => {
    const found = await entries();
    const own = await Promise.all(found.map((entry) => isNoLink(context.workspace.dir, entry.path)));
    return found.filter((_, i) => own[i]);
  };
  return {
    'system/storage': async () => {
      const items = await Promise.all(
        kinds.map(async (kind): Promise<StorageItem> => {
          const { key, name, clean } = kind;
          const found = (await (clean ? cleaned(kind) : kind.entries())).sort((a, b) => b.bytes - a.bytes);
          const bytes = found.reduce((sum, entry) => sum + entry.bytes, 0);
          return {
            key,
            name,
            bytes,
            files: found.length,
            cleanable: clean !== undefined,
            entries: found.slice(0, 200),
          };
        }),
      );
      return { items, total: items.reduce((sum, item) => sum + item.bytes, 0) };
    },
    'system/clean': async ({ keys }) => {
      let freed = 0;
      for (const kind of kinds) {
        const { key, clean } = kind;
        if (!clean || !keys.includes(key)) continue;
        const found = await cleaned(kind);
        await clean(found);
        freed += found.reduce((sum, entry) => sum + entry.bytes, 0);
      }
      return { freed };
    },
  };
}

function storageKinds({ workspace, db }: BackendContext): Kind[] {
  const store = new ExperimentStore(db);
  const checkpoints = (kind: 'ended' | 'open') =>
    measured(store.folders(kind), ({ name, folder }) => folderEntry(path.join(folder, 'checkpoints'), name));
  return [
    {
      key: 'datasets',
      name: 'Data sets',
      entries: () => filesIn(workspace.datasets, 'a data set version'),
    },
    {
      key: 'experiments',
      name: 'Experiments: adapters, predictions, logs',
      entries: () =>
        measured(store.folders('listed'), ({ name, folder }) => folderEntry(folder, name, ['checkpoints'])),
    },
    {
      key: 'open-checkpoints',
      name: 'Checkpoints that an experiment may go on from',
      entries: () => checkpoints('open'),
    },
    {
      key: 'checkpoints',
      name: 'Checkpoints of finished experiments',
      entries: () => checkpoints('ended').then(filled),
      clean: removePaths,
    },
    {
      key: 'removed',
      name: 'Removed experiments',
      entries: () =>
        measured(
          // A run of the command line lies in a folder of the person's own.
          store.folders('removed').filter(({ folder }) => isInside(workspace.dir, folder)),
          ({ name, folder }) => folderEntry(folder, name),
        ),
      clean: async (entries) => {
        await removePaths(entries);
        store.forgetRemoved();
      },
    },
    {
      key: 'removed-datasets',
      name: 'Removed data sets and versions',
      entries: () => removedVersions(),
      clean: async (entries) => {
        await removePaths(entries);
        forgetRemoved(db);
      },
    },
    ...madeKinds({ workspace, db }),
    {
      key: 'inbox',
      name: 'Files that were dropped into the window',
      entries: () => filesIn(workspace.inbox, 'imported already, or left'),
      clean: removePaths,
    },
    {
      key: 'copies',
      name: 'Copies of the store made before an update',
      entries: () =>
        filesIn(workspace.dir, 'a copy of the store', (file) =>
          path.basename(file).startsWith(`${path.basename(workspace.database)}.before-`),
        ),
      clean: removePaths,
    },
  ];

  /** Files of removed data sets that no other version shares. */
  async function removedVersions(): Promise<Entry[]> {
    // Findings and token lengths stand beside a version, under its name.
    const names = new Set(removedFiles(db).map((file) => path.basename(file, '.db')));
    const isRemoved = (file: string): boolean => names.has(path.basename(file).split('.')[0] ?? '');
    return filled(await filesIn(workspace.datasets, 'a removed data set', isRemoved));
  }
}
