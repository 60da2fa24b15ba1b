import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** The step of the last checkpoint in a run's folder, or null. */
export async function lastCheckpoint(folder: string): Promise<number | null> {
  const names = await readdir(path.join(folder, 'checkpoints')).catch(() => []);
  const steps = names.flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return steps.length === 0 ? null : Math.max(...steps);
}

export interface FoundFile {
  /** From the folder, with `/`. */
  name: string;
  path: string;
  bytes: number;
}

/** All files in a folder and in those inside it, by name; none where the folder is missing. */
export async function filesIn(folder: string): Promise<FoundFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && !/^\.graft-|\.tmp$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const found = files.map(async (file): Promise<FoundFile[]> => {
    const size = await stat(file).then(
      (stats) => stats.size,
      () => null,
    );
    const name = path.relative(folder, file).split(path.sep).join('/');
    return size === null ? [] : [{ name, path: file, bytes: size }];
  });
  return (await Promise.all(found)).flat();
}

/** The lines of a text file, the last one too where nothing ends it; none where the file is missing. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return;
  try {
    for await (const line of handle.readLines()) yield line;
  } finally {
    await handle.close().catch(() => undefined);
  }
}
