import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Handlers } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import { writeFault } from '../../engine/formats/file-faults.ts';
import type { BackendContext } from '../context.ts';

/** Files that a browser sends in pieces: into the workspace's temporary folder, and whole into its inbox. */
export function receiveHandlers({ workspace }: BackendContext): Handlers<'system/receive-file'> {
  const open = new Set<string>();
  return {
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
  };
}

/** The last part of a name without what file systems refuse; it cannot leave its folder. */
export function safeName(name: string): string {
  const base = path.posix.basename(name.replaceAll('\\', '/'));
  const clean = base.replace(/[\u0000-\u001f<>:"|?*]/g, '_').replace(/^\.+/, '');
  return clean === '' ? 'file' : clean.slice(-200);
}
