import { existsSync } from 'node:fs';
import path from 'node:path';
import { AdapterStore } from '../../storage/adapters.ts';
import { ExportStore } from '../../storage/exports.ts';
import type { BackendContext } from '../context.ts';
import {
  filesIn,
  filled,
  folderEntry,
  isInside,
  removePaths,
  type Entry,
  type Kind,
} from './storage-sizes.ts';

/** Imported and merged adapters, and exports wherever they were written. */
export function madeKinds({ workspace, db }: Pick<BackendContext, 'workspace' | 'db'>): Kind[] {
  const adapters = new AdapterStore(db);
  const exports = new ExportStore(db);
  /** What an experiment trained lies in its folder, beside what stays. */
  const weightsOf = ({ origin, folder }: { origin: string; folder: string }) =>
    origin === 'experiment' ? path.join(folder, 'adapter_model.safetensors') : folder;

  return [
    {
      key: 'adapters',
      name: 'Imported and merged adapters',
      entries: () =>
        Promise.all(
          adapters
            .list()
            .filter(({ origin }) => origin !== 'experiment')
            .map(({ folder, name }) => folderEntry(folder, name)),
        ),
    },
    {
      key: 'removed-adapters',
      name: 'Removed adapters',
      entries: async () =>
        filled(await Promise.all(removedAdapters().map((one) => folderEntry(weightsOf(one), one.name)))),
      clean: async (entries) => {
        await removePaths(entries);
        // Also those whose files went with their experiment's.
        const gone = removedAdapters().filter((one) => !existsSync(weightsOf(one)));
        adapters.forget(gone.map(({ id }) => id));
      },
    },
    {
      key: 'exports',
      name: 'Exports',
      entries: async () => {
        const known = exports.list();
        const listed = known.map(async ({ name, folder, targets }): Promise<Entry> => {
          const parts = targets
            .filter(({ folder }) => !folder.endsWith('-failed'))
            .map((target) => folderEntry(target.folder, name));
          const bytes = (await Promise.all(parts)).reduce((sum, part) => sum + part.bytes, 0);
          return { path: folder, bytes, what: name };
        });
        const forgotten = await filesIn(
          workspace.exports,
          'an export that was removed from the list',
          (file) => !known.some(({ folder }) => folder === file || isInside(file, folder)),
        );
        return filled([...(await Promise.all(listed)), ...forgotten]);
      },
    },
    {
      key: 'failed-exports',
      name: 'Exports whose proof failed',
      entries: async () =>
        filled(
          await Promise.all(
            failedTargets().map(({ name, target, folder }) => folderEntry(folder, `${name}, ${target}`)),
          ),
        ),
      clean: async (entries) => {
        const cleaned = new Set(entries.map((entry) => entry.path));
        await removePaths(entries);
        for (const { id, target, folder } of failedTargets())
          if (cleaned.has(folder)) exports.update(id, target, { state: 'missing' });
      },
    },
  ];

  /** Kept aside when they were made. One that failed later may hold what somebody else changed: it is left alone. */
  function failedTargets() {
    return exports
      .list()
      .flatMap(({ id, name, targets }) =>
        targets
          .filter(({ state, folder }) => state === 'failed' && folder.endsWith('-failed'))
          .map(({ target, folder }) => ({ id, name, target, folder })),
      );
  }

  /** A run of the command line lies in a folder of the person's own: nothing is deleted there. */
  function removedAdapters() {
    return adapters.removed().filter(({ folder }) => isInside(workspace.dir, folder));
  }
}
