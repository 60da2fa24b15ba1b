import { lstat, readdir, realpath, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { OutputOf } from '../../../shared/contract.ts';

export type StorageItem = OutputOf<'system/storage'>['items'][number];
export type Entry = StorageItem['entries'][number];

export function isInside(folder: string, inner: string): boolean {
  const way = path.relative(folder, inner);
  return way !== '' && !way.startsWith('..') && !path.isAbsolute(way);
}

export const measured = <Part>(
  parts: readonly Part[],
  entryOf: (part: Part) => Promise<Entry>,
): Promise<Entry[]> => Promise.all(parts.map(entryOf));

export const filled = (entries: readonly Entry[]) => entries.filter(({ bytes }) => bytes > 0);

/**
 * Whether a path leads where it says: it is no link itself, nor is the folder that it stands in, nor any on the way from
 * the workspace. What lies behind a link is somebody else's.
 */
export async function isNoLink(workspace: string, file: string): Promise<boolean> {
  const parent = path.dirname(file);
  for (const part of [file, parent])
    if ((await lstat(part).catch(() => null))?.isSymbolicLink() !== false) return false;
  if (!isInside(workspace, file)) return true;
  const [real, top] = await Promise.all([realpath(parent), realpath(workspace)]);
  return path.relative(top, real) === path.relative(workspace, parent);
}

export async function removePaths(entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) await rm(entry.path, { recursive: true, force: true });
}

/** What stands in a folder; only what is `wanted` is measured. */
export async function filesIn(
  folder: string,
  what: string,
  wanted: (file: string) => boolean = () => true,
): Promise<Entry[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.map((name) => path.join(folder, name)).filter(wanted);
  return Promise.all(files.map((file) => folderEntry(file, what)));
}

/** A file, or a folder with all that it holds less what stands in `without`. */
export async function folderEntry(
  folder: string,
  what: string,
  without: readonly string[] = [],
): Promise<Entry> {
  return { path: folder, bytes: await sizeOf(folder, without), what };
}

/** Bytes of a file or folder; 0 for what is not there. Links are not followed. */
async function sizeOf(target: string, without: readonly string[] = []): Promise<number> {
  if ((await lstat(target).catch(() => null))?.isSymbolicLink() !== false) return 0;
  const entries = await readdir(target, { withFileTypes: true }).catch(() => undefined);
  if (!entries)
    return lstat(target).then(
      ({ size }) => size,
      () => 0,
    );
  const sizes = entries
    .filter((entry) => !without.includes(entry.name) && !entry.isSymbolicLink())
    .map((entry) => sizeOf(path.join(target, entry.name)));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Free bytes where a folder is; null where the system does not say. */
export async function freeBytes(folder: string): Promise<number | null> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
}
