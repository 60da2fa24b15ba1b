import { randomBytes } from 'node:crypto';
import { access, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { writeFault } from './file-faults.ts';

export type FileData = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A name in the same folder, so that the rename stays on one disk; short, so that it fits where `path` does. */
function temporaryBeside(path: string): string {
  return join(dirname(path), `.graft-${randomBytes(6).toString('hex')}.tmp`);
}

/** Removes what killed processes left half written in `dir`, a folder that only one process writes to. */
export async function removeLeftovers(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names.filter((name) => /^\.graft-[0-9a-f]{12}\.tmp$/.test(name))) {
    await rm(join(dir, name), { recursive: true, force: true });
  }
}

/**
 * Writes `file` whole or not at all: to `temporary`, a free name beside it, synced, renamed. What stood there before
 * stays until then. Throws `files/disk-full` or `files/unwritable`, and what `data` throws.
 */
export async function writeFileAtomic(
  file: string,
  data: FileData,
  temporary = temporaryBeside(file),
): Promise<void> {
  try {
    const handle = await open(temporary, 'wx');
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
 * and which is renamed when `fill` is done. A folder that holds something is kept and refused unless `replace`.
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
    await mkdir(temporary);
    await fill(temporary);
    await syncTree(temporary);
    await moveInto(temporary, target, options.replace ?? false);
    await syncFolder(dirname(target));
  } catch (error) {
    // Where the way there is no folder, there is nothing to remove either.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw writeFault(dir, error);
  }
}

/** As `mkdir` with `recursive`, which calls a read-only disk a missing folder: a plain one tells what it is. */
async function makeFolders(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
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

async function refuseFilled(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  if (names.length > 0) throw fault('files/output-exists', { dir });
}

/** No system renames over a folder that holds something: the old one steps aside, and back if the new one fails. */
async function moveInto(temporary: string, target: string, replace: boolean): Promise<void> {
  if (!replace) {
    await rmdir(target).catch(ignoreMissing);
    await rename(temporary, target);
    return;
  }
  const aside = temporaryBeside(target);
  const hadOld = await rename(target, aside).then(() => true, ignoreMissing);
  try {
    await rename(temporary, target);
  } catch (error) {
    if (hadOld) await rename(aside, target);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

async function syncTree(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncFolder(dir);
}

async function syncFile(path: string): Promise<void> {
  // Windows flushes only what is open for writing; elsewhere a file without write permission can be synced too.
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a rename durable; Windows has no such thing for folders. */
async function syncFolder(dir: string): Promise<void> {
  if (process.platform !== 'win32') await syncFile(dir);
}
