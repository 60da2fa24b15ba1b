import { readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readFault } from '../../engine/formats/file-faults.ts';
import type { Handlers } from '../../../shared/contract.ts';
import type { BackendContext } from '../context.ts';

type Names = 'system/browse' | 'system/pick' | 'system/reveal';

/** The host's dialogs, and for hosts without one the folders of this machine. */
export function browseHandlers({ host }: BackendContext): Handlers<Names> {
  return {
    'system/pick': async ({ kind }) => ({ paths: await host.pick(kind) }),
    'system/reveal': async ({ path: shown }) => ({ shown: await host.reveal(shown) }),
    'system/browse': async ({ folder }) => listFolder(folder ?? os.homedir()),
  };
}

/** Folders first, then files, by name; what a dot hides is left out. Throws `files/missing`. */
async function listFolder(given: string) {
  const folder = path.resolve(given);
  const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw readFault(folder, error);
  });
  const entries = await Promise.all(
    found
      .filter(({ name }) => !name.startsWith('.'))
      .map(async ({ name }) => {
        const full = path.join(folder, name);
        const stats = await stat(full).catch(() => undefined);
        if (!stats) return undefined;
        return { name, path: full, folder: stats.isDirectory(), bytes: stats.isDirectory() ? 0 : stats.size };
      }),
  );
  const byName = new Intl.Collator(undefined, { numeric: true }).compare;
  const parent = path.dirname(folder);
  return {
    folder,
    parent: parent === folder ? null : parent,
    entries: entries
      .filter((entry) => entry !== undefined)
      .sort((a, b) => Number(b.folder) - Number(a.folder) || byName(a.name, b.name)),
  };
}
