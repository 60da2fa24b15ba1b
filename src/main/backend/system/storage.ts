import path from 'node:path';
import type { Handlers } from '../../../shared/contract.ts';
import type { BackendContext } from '../context.ts';
import { madeKinds } from './storage-made.ts';
import {
  filesIn,
  filled,
  folderEntry,
  isInside,
  isNoLink,
  removePaths,
  type Entry,
  type Kind,
  type StorageItem,
} from './storage-sizes.ts';

const namedRow = (value: unknown) => value as { id: string; name: string; folder: string };

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
  const experiments = (where: string) =>
    db.prepare(`SELECT id, name, folder FROM experiments WHERE ${where}`).all().map(namedRow);
  const ended = `state IN ('finished', 'stopped') AND removed_at IS NULL`;
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
        Promise.all(
          experiments('removed_at IS NULL').map(({ name, folder }) =>
            folderEntry(folder, name, ['checkpoints']),
          ),
        ),
    },
    {
      key: 'open-checkpoints',
      name: 'Checkpoints that an experiment may go on from',
      entries: () =>
        Promise.all(
          experiments(`NOT (${ended}) AND removed_at IS NULL`).map(({ name, folder }) =>
            folderEntry(path.join(folder, 'checkpoints'), name),
          ),
        ),
    },
    {
      key: 'checkpoints',
      name: 'Checkpoints of finished experiments',
      entries: () =>
        Promise.all(
          experiments(ended).map(({ name, folder }) => folderEntry(path.join(folder, 'checkpoints'), name)),
        ).then(filled),
      clean: removePaths,
    },
    {
      key: 'removed',
      name: 'Removed experiments',
      entries: () =>
        Promise.all(
          experiments('removed_at IS NOT NULL')
            // A run of the command line lies in a folder of the person's own.
            .filter(({ folder }) => isInside(workspace.dir, folder))
            .map(({ name, folder }) => folderEntry(folder, name)),
        ),
      clean: async (entries) => {
        await removePaths(entries);
        db.prepare('DELETE FROM experiments WHERE removed_at IS NOT NULL').run();
      },
    },
    {
      key: 'removed-datasets',
      name: 'Removed data sets and versions',
      entries: () => removedVersions(),
      clean: async (entries) => {
        await removePaths(entries);
        db.transaction(() => {
          db.prepare(`UPDATE experiments SET version_id = NULL WHERE version_id IN (${removedIds})`).run();
          db.prepare(`UPDATE dataset_versions SET parent_id = NULL WHERE parent_id IN (${removedIds})`).run();
          db.prepare(`DELETE FROM dataset_versions WHERE id IN (${removedIds})`).run();
          db.prepare('DELETE FROM datasets WHERE removed_at IS NOT NULL').run();
        })();
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
    const files = db
      .prepare<[], string>(
        `SELECT DISTINCT file FROM dataset_versions WHERE id IN (${removedIds})
         AND file NOT IN (SELECT file FROM dataset_versions WHERE id NOT IN (${removedIds}))`,
      )
      .pluck()
      .all();
    // Findings and token lengths stand beside a version, under its name.
    const names = new Set(files.map((file) => path.basename(file, '.db')));
    const isRemoved = (file: string): boolean => names.has(path.basename(file).split('.')[0] ?? '');
    return filled(await filesIn(workspace.datasets, 'a removed data set', isRemoved));
  }
}

const removedIds = `SELECT v.id FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE d.removed_at IS NOT NULL OR v.removed_at IS NOT NULL`;
