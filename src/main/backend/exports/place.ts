import { mkdir, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { ExportTarget } from '../../../shared/contract/exports.ts';
import { fault } from '../../../shared/faults/index.ts';
import { writeFault } from '../../engine/formats/file-faults.ts';
import { removeLeftovers } from '../../engine/formats/atomic.ts';

/** Where a target of an export goes, as the engine's job puts it. */
export const targetFolder = (folder: string, target: ExportTarget): string => path.join(folder, target);

/**
 * Makes the folder of an export, and refuses what already holds something in the way: anything, or with `overwrite`
 * what no export wrote. Throws `export/exists`, `exports/not-ours`, `exports/not-absolute`, `files/…`.
 */
export async function preparePlace(
  folder: string,
  targets: readonly ExportTarget[],
  overwrite: boolean,
): Promise<void> {
  if (!path.isAbsolute(folder)) throw fault('exports/not-absolute', { folder });
  for (const target of targets) {
    const own = targetFolder(folder, target);
    const names = await namesIn(own);
    if (names.length === 0) continue;
    if (!overwrite) throw fault('export/exists', { folder: own });
    if (!isOurs(names)) throw fault('exports/not-ours', { folder: own });
  }
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeFault(folder, error);
  });
}

/** Whether a folder with these files was written by an export: its proof, or its script, is there. */
export const isOurs = (names: readonly string[]): boolean =>
  names.includes('verification.json') || names.includes('script.py');

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw writeFault(folder, error);
  });
}

/** Nothing half written stays in an export's folder, nor the folder when nothing came into it. */
export async function tidyPlace(folder: string): Promise<void> {
  await removeLeftovers(folder);
  await rmdir(folder).catch(() => undefined);
}
