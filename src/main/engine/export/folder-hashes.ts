import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { hashFile } from '../hub/hash-file.ts';
import { VERIFICATION_FILE, type Verification } from './verification.ts';

/** Every file of a folder but the proof itself, by its path. */
export async function folderHashes(folder: string): Promise<Verification['files']> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => path.relative(folder, file) !== VERIFICATION_FILE)
    .sort();
  return Promise.all(
    files.map(async (file) => ({
      path: path.relative(folder, file).split(path.sep).join('/'),
      bytes: (await stat(file)).size,
      sha256: await hashFile(file, 'sha256'),
    })),
  );
}

/** In the order in which loaders look for them. */
const weightFiles = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'adapter_model.safetensors',
  'adapter_model.bin',
];

/** Hash and size of the weights in a model's or an adapter's folder; of the index where they are in parts. */
export async function weightsHash(folder: string): Promise<{ sha256: string; bytes: number }> {
  const names = await readdir(folder);
  const name = weightFiles.find((file) => names.includes(file));
  if (name === undefined) throw fault('files/missing', { file: path.join(folder, 'model.safetensors') });
  const file = path.join(folder, name);
  return { sha256: await hashFile(file, 'sha256'), bytes: (await stat(file)).size };
}

/** One sentence for each file that is not as it was. */
export function changedFiles(then: Verification['files'], now: Verification['files']): string[] {
  const found = new Map(now.map((file) => [file.path, file]));
  const changed = then.flatMap(({ path: name, bytes, sha256 }) => {
    const file = found.get(name);
    if (!file) return [`${name} is missing.`];
    if (file.bytes !== bytes) return [`${name} has ${file.bytes} bytes; it had ${bytes}.`];
    return file.sha256 === sha256 ? [] : [`${name} was changed: its SHA-256 is another one.`];
  });
  const known = new Set(then.map(({ path: name }) => name));
  const added = now
    .filter(({ path: name }) => !known.has(name))
    .map(({ path: name }) => `${name} was added.`);
  return [...changed, ...added];
}
