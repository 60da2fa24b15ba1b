import { access, chmod, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { codeOf, writeFault } from './file-faults.ts';
import { removeLeftovers, moveAway, temporaryBeside } from './temporary.ts';

export type FileData = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes `file` whole or not at all: to `temporary`, a free name beside it, synced, renamed. What stood there before
 * stays until then. In a folder that only its owner enters, only the owner reads it. Throws `files/disk-full` or `files/unwritable`, and what `data` throws.
 */
export async function writeFileAtomic(
  file: string,
  data: FileData,
  temporary = temporaryBeside(file),
): Promise<void> {
  try {
    const handle = await open(temporary, 'wx', await modeIn(dirname(file), 0o666));
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeFault(file, error);
  }
}

/**
 * Makes the folder `dir` whole or not at all: `fill` gets a temporary folder beside it, whose files are synced
 * and which is renamed when `fill` is done. A folder that holds something is kept and refused unless `replace`; killed
 * in the middle of that, it gets its name back by the next that is written beside it, or by `restoreFolder`. In a folder
 * that only its owner enters, only the owner reads what is made.
 * Throws `files/output-exists`, `files/disk-full`, `files/unwritable`, and what `fill` throws.
 */
export async function writeFolderAtomic(
  dir: string,
  fill: (temporary: string) => Promise<void>,
  options: { replace?: boolean } = {},
): Promise<void> {
  const target = resolve(dir);
  const temporary = temporaryBeside(target);
  try {
    if (!options.replace) await refuseFilled(dir);
    await makeFolders(dirname(target));
    await removeLeftovers(dirname(target), true).catch(() => undefined);
    const mode = await modeIn(dirname(target), 0o777);
    await mkdir(temporary, { mode });
    await fill(temporary);
    await syncTree(temporary, mode === 0o700);
    await moveInto(temporary, target, options.replace ?? false);
    await syncFolder(dirname(target));
  } catch (error) {
    // Where the way there is no folder, there is nothing to remove either.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw writeFault(dir, error);
  }
}

/** Gives a folder its name back that was being replaced by a process that was killed in the middle. */
export async function restoreFolder(dir: string): Promise<void> {
  if (!(await isThere(dir))) await removeLeftovers(dirname(resolve(dir)), true).catch(() => undefined);
}

/** The rights of what is made in a folder: the owner's alone where nobody else enters. Windows keeps rights elsewhere. */
export async function modeIn(dir: string, usual: 0o666 | 0o777): Promise<number> {
  const found = process.platform === 'win32' ? null : await stat(dir).catch(() => null);
  return found !== null && (found.mode & 0o077) === 0 ? usual & 0o700 : usual;
}

/** As `mkdir` with `recursive`, which calls a read-only disk a missing folder: a plain one tells what it is. */
async function makeFolders(dir: string): Promise<void> {
  try {
    let above = dir;
    while (above !== dirname(above) && !(await isThere(above))) above = dirname(above);
    await mkdir(dir, { recursive: true, mode: await modeIn(above, 0o777) });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    let first = dir;
    // A root has none above it, and may be missing: a drive that was unplugged.
    for (let above = dirname(dir); above !== first && !(await isThere(above)); above = dirname(above))
      first = above;
    await mkdir(first);
    throw error;
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Throws `files/output-exists` for a folder that holds something. */
export async function refuseFilled(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0) throw fault('files/output-exists', { dir });
}

/** No system renames over a folder that holds something: the old one steps aside, and back if the new one fails. */
async function moveInto(temporary: string, target: string, replace: boolean): Promise<void> {
  if (!replace) {
    await rmdir(target).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    await rename(temporary, target);
    return;
  }
  const old = await moveAway(target);
  try {
    await rename(temporary, target);
  } catch (error) {
    await old?.back();
    throw error;
  }
  await old?.remove();
}

async function syncTree(dir: string, own: boolean): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    // Copies come with the rights of what they were made of.
    if (own && (entry.isFile() || entry.isDirectory())) await chmod(path, entry.isFile() ? 0o600 : 0o700);
    if (entry.isDirectory()) await syncTree(path, own);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncFolder(dir);
}

/** Makes what was written durable. */
export async function syncFile(path: string): Promise<void> {
  // Windows flushes only what is open for writing; elsewhere a file without write permission can be synced too.
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a rename durable; Windows has no such thing for folders. */
export async function syncFolder(dir: string): Promise<void> {
  if (process.platform !== 'win32') await syncFile(dir);
}
