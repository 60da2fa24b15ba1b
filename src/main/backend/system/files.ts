import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { answering } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import { readFault, writeFault } from '../../engine/formats/file-faults.ts';
import type { BackendContext } from '../context.ts';

/** The host's dialogs, and for hosts without one the folders of this machine. */
export function browseHandlers({ host }: BackendContext) {
  return answering({
    'system/pick': async ({ kind }) => ({ paths: await host.pick(kind) }),
    'system/reveal': async ({ path: shown }) => ({ shown: await host.reveal(shown) }),
    'system/browse': async ({ folder }) => listFolder(folder ?? os.homedir()),
  });
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

/** Files that a browser sends in pieces: into the workspace's temporary folder, and whole into its inbox. */
export function receiveHandlers({ workspace }: BackendContext) {
  const open = new Set<string>();
  return answering({
    'system/receive-file': async ({ name, base64, last, uploadId }) => {
      if (uploadId !== null && !open.has(uploadId))
        throw fault('store/unknown', { kind: 'upload', id: uploadId });
      const id = uploadId ?? randomUUID();
      open.add(id);
      const part = path.join(workspace.temporary, `${id}.upload`);
      try {
        await appendFile(part, Buffer.from(base64, 'base64'), { mode: 0o600 });
        if (!last) return { uploadId: id, path: null };
        const folder = path.join(workspace.inbox, id.slice(0, 8));
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const file = path.join(folder, safeName(name));
        await rename(part, file);
        open.delete(id);
        return { uploadId: id, path: file };
      } catch (error) {
        open.delete(id);
        await rm(part, { force: true });
        throw writeFault(part, error);
      }
    },
  });
}

/** The last part of a name without what file systems refuse; it cannot leave its folder. */
export function safeName(name: string): string {
  const base = path.posix.basename(name.replaceAll('\\', '/'));
  const clean = base.replace(/[\u0000-\u001f<>:"|?*]/g, '_').replace(/^\.+/, '');
  return clean === '' ? 'file' : clean.slice(-200);
}
