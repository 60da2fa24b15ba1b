import { mkdir, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { ExportTarget } from '../../../shared/contract/exports.ts';
import { fault } from '../../../shared/faults/index.ts';
import { codeOf, writeFault } from '../../engine/formats/file-faults.ts';
import { modeIn } from '../../engine/formats/atomic.ts';
import { removeLeftovers } from '../../engine/formats/temporary.ts';

/** Where a target of an export goes, as the engine's job puts it. */
export const targetFolder = (folder: string, target: ExportTarget): string => path.join(folder, target);

/**
 * Makes the folder of an export, and refuses what already holds something in the way: anything, or with `overwrite`
 * what no export wrote. Throws `export/exists`, `exports/not-ours`, `exports/not-absolute`, `exports/gone`,
 * `files/…`.
 */
export async function prepareFolder(
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
  await makeFolders(folder).catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT' ? fault('exports/gone', { folder }, error) : writeFault(folder, error);
  });
}

/** As `mkdir` with `recursive`, which never ends where a place that is there takes no folders. */
async function makeFolders(folder: string): Promise<void> {
  const make = async () =>
    mkdir(folder, { mode: await modeIn(path.dirname(folder), 0o777) }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  await make().catch(async (error: unknown) => {
    const parent = path.dirname(folder);
    if (codeOf(error) !== 'ENOENT' || parent === folder) throw error;
    await makeFolders(parent);
    await make();
  });
}

/** Whether a folder with these files was written by an export: its proof, or its script, is there. */
export const isOurs = (names: readonly string[]): boolean =>
  names.includes('verification.json') || names.includes('script.py');

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw writeFault(folder, error);
  });
}

/**
 * Nothing half written stays in an export's folder, nor the folder when nothing came into it; all of it stays where the
 * drive cannot be written any more.
 */
export async function tidyFolder(folder: string): Promise<void> {
  await removeLeftovers(folder).catch(() => undefined);
  await rmdir(folder).catch(() => undefined);
}
