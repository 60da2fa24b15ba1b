import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { hashFile } from '../../engine/hub/hash-file.ts';
import type { ModelFacts } from '../../storage/models.ts';

export type WeightFile = ModelFacts['weights'][number];

/** Size and time of the files of weights. Throws the file system's errors. */
export function weightStats(folder: string, names: readonly string[]): Promise<WeightFile[]> {
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(path.join(folder, name));
      return { name, bytes: size, modifiedMs: mtimeMs };
    }),
  );
}

/**
 * SHA-256 of a model's weights: of the one file, or of the lines that `sha256sum` writes for the shards. Throws
 * `files/…`, or the reason of the signal.
 */
export async function hashWeights(
  folder: string,
  files: readonly WeightFile[],
  { signal, onBytes }: { signal?: AbortSignal; onBytes?: (done: number) => void } = {},
): Promise<string> {
  const lines: string[] = [];
  let before = 0;
  for (const { name, bytes } of files) {
    const tell = (done: number) => onBytes?.(before + done);
    const hash = await hashFile(path.join(folder, name), 'sha256', { signal, onBytes: tell });
    if (files.length === 1) return hash;
    lines.push(`${hash}  ${name}\n`);
    before += bytes;
  }
  return createHash('sha256').update(lines.join('')).digest('hex');
}
