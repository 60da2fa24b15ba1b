import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Handlers } from '../../../shared/contract.ts';
import { AdapterStore } from '../../storage/adapters.ts';
import { forgetRemoved, removedFiles } from '../../storage/datasets.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { ExportStore } from '../../storage/exports.ts';
import type { BackendContext } from '../context.ts';
import {
  filesIn,
  filled,
  folderEntry,
  isInside,
  isNoLink,
  measured,
  removePaths,
  type Entry,
  type StorageItem,
} from './storage-sizes.ts';

/** One kind of thing that takes space. With `forget` it can be cleaned: what the store drops when the files are gone. */
interface Kind {
  key: string;
  name: string;
  entries: () => Promise<Entry[]>;
  forget?: (cleaned: readonly Entry[]) => void;
}

/** What takes how much, and cleaning that deletes no more than it showed. */
export function storageHandlers(context: BackendContext): Handlers<'system/storage' | 'system/clean'> {
  const kinds = [...rowKinds(context), ...modelKinds(context), ...fileKinds(context)];
  const cleanable = async ({ entries }: Kind): Promise<Entry[]> => {
    const found = await entries();
    const own = await Promise.all(found.map((entry) => isNoLink(context.workspace.dir, entry.path)));
    return found.filter((_, i) => own[i]);
  };
  const bytesOf = (entries: readonly Entry[]) => entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return {
    'system/storage': async () => {
      const itemOf = async (kind: Kind): Promise<StorageItem> => {
        const { key, name, forget } = kind;
        const found = (await (forget ? cleanable(kind) : kind.entries())).sort((a, b) => b.bytes - a.bytes);
        const entries = found.slice(0, 200);
        return { key, name, bytes: bytesOf(found), files: found.length, cleanable: !!forget, entries };
      };
      const items = await Promise.all(kinds.map(itemOf));
      return { items, total: items.reduce((sum, item) => sum + item.bytes, 0) };
    },
    'system/clean': async ({ keys }) => {
      let freed = 0;
      for (const kind of kinds) {
        if (!kind.forget || !keys.includes(kind.key)) continue;
        const found = await cleanable(kind);
        await removePaths(found);
        kind.forget(found);
        freed += bytesOf(found);
      }
      return { freed };
    },
  };
}

const nothing = (): void => undefined;

function rowKinds({ workspace, db }: BackendContext): Kind[] {
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
      entries: async () => filled(await checkpoints('ended')),
      forget: nothing,
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
      forget: () => store.forgetRemoved(),
    },
    {
      key: 'removed-datasets',
      name: 'Removed data sets and versions',
      entries: async () => {
        // Findings and token lengths stand beside a version, under its name.
        const names = new Set(removedFiles(db).map((file) => path.basename(file, '.db')));
        const isRemoved = (file: string): boolean => names.has(path.basename(file).split('.')[0] ?? '');
        return filled(await filesIn(workspace.datasets, 'a removed data set', isRemoved));
      },
      forget: () => forgetRemoved(db),
    },
  ];
}

/** Imported and merged adapters, and exports wherever they were written. */
function modelKinds({ workspace, db }: BackendContext): Kind[] {
  const adapters = new AdapterStore(db);
  const exports = new ExportStore(db);
  /** What an experiment trained lies in its folder, beside what stays. */
  const weightsOf = ({ origin, folder }: { origin: string; folder: string }) =>
    origin === 'experiment' ? path.join(folder, 'adapter_model.safetensors') : folder;
  /** A run of the command line lies in a folder of the person's own: nothing is deleted there. */
  const removed = () => adapters.removed().filter(({ folder }) => isInside(workspace.dir, folder));
  /** Kept beside when they were made. One that failed later may hold what somebody else changed: it is left alone. */
  const failed = () =>
    exports
      .list()
      .flatMap(({ id, name, targets }) =>
        targets
          .filter(({ state, folder }) => state === 'failed' && folder.endsWith('-failed'))
          .map(({ target, folder }) => ({ id, name, target, folder })),
      );
  return [
    {
      key: 'adapters',
      name: 'Imported and merged adapters',
      entries: () =>
        measured(
          adapters.list().filter(({ origin }) => origin !== 'experiment'),
          ({ folder, name }) => folderEntry(folder, name),
        ),
    },
    {
      key: 'removed-adapters',
      name: 'Removed adapters',
      entries: async () =>
        filled(await measured(removed(), (adapter) => folderEntry(weightsOf(adapter), adapter.name))),
      // Also those whose files went with their experiment's.
      forget: () =>
        adapters.forget(
          removed()
            .filter((adapter) => !existsSync(weightsOf(adapter)))
            .map(({ id }) => id),
        ),
    },
    {
      key: 'exports',
      name: 'Exports',
      entries: async () => {
        const known = exports.list();
        const listed = await measured(known, async ({ name, folder, targets }) => {
          const kept = targets.filter((target) => !target.folder.endsWith('-failed'));
          const parts = await measured(kept, (target) => folderEntry(target.folder, name));
          return { path: folder, bytes: parts.reduce((sum, part) => sum + part.bytes, 0), what: name };
        });
        const forgotten = await filesIn(
          workspace.exports,
          'an export that was removed from the list',
          (file) => !known.some(({ folder }) => folder === file || isInside(file, folder)),
        );
        return filled([...listed, ...forgotten]);
      },
    },
    {
      key: 'failed-exports',
      name: 'Exports whose proof failed',
      entries: async () =>
        filled(
          await measured(failed(), ({ name, target, folder }) => folderEntry(folder, `${name}, ${target}`)),
        ),
      forget: (cleaned) => {
        const gone = new Set(cleaned.map((entry) => entry.path));
        for (const { id, target, folder } of failed())
          if (gone.has(folder)) exports.update(id, target, { state: 'missing' });
      },
    },
  ];
}

const fileKinds = ({ workspace }: BackendContext): Kind[] => [
  {
    key: 'inbox',
    name: 'Files that were dropped into the window',
    entries: () => filesIn(workspace.inbox, 'imported already, or left'),
    forget: nothing,
  },
  {
    key: 'copies',
    name: 'Copies of the store made before an update',
    entries: () =>
      filesIn(workspace.dir, 'a copy of the store', (file) =>
        path.basename(file).startsWith(`${path.basename(workspace.database)}.before-`),
      ),
    forget: nothing,
  },
];
