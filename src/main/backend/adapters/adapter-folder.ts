import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fault, Fault } from '../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../../engine/formats/atomic.ts';
import { readModelConfig } from '../../engine/formats/model-config.ts';
import { readJsonFile } from '../../engine/formats/json.ts';
import { hashFile } from '../../engine/hub/hash-file.ts';

const configSchema = z.looseObject({
  peft_type: z.string().catch('unknown'),
  r: z.number().int().nonnegative().nullable().catch(null).default(null),
  base_model_name_or_path: z.string().nullable().catch(null).default(null),
});

/** adapter_config.json of a folder. Throws `files/…` and `formats/json`. */
export async function adapterConfig(folder: string): Promise<z.infer<typeof configSchema>> {
  return configSchema.parse(await readJsonFile(path.join(folder, 'adapter_config.json')));
}

/** The labels that the config.json beside an adapter names; none where there is none. */
export async function folderLabels(folder: string): Promise<string[]> {
  return readModelConfig(folder).then(
    ({ id2label }) => [...id2label],
    () => [],
  );
}

/** The file of an adapter's weights, and its size; null where there is none. */
export async function weightsFile(folder: string): Promise<{ file: string; bytes: number } | null> {
  for (const file of ['adapter_model.safetensors', 'adapter_model.bin']) {
    const stats = await stat(path.join(folder, file)).catch(() => null);
    if (stats?.isFile()) return { file, bytes: stats.size };
  }
  return null;
}

/** The same with its hash. Throws `files/…`. */
export async function adapterWeights(
  folder: string,
): Promise<{ file: string; sha256: string; bytes: number }> {
  const found = await weightsFile(folder);
  if (!found) throw new Error(`${folder} holds no weights of an adapter.`);
  return { ...found, sha256: await hashFile(path.join(folder, found.file), 'sha256') };
}

/** As `writeFolderAtomic`, for a folder of the workspace: `store/disk-full` says where to free some space. */
export async function storeFolder(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  await writeFolderAtomic(folder, fill).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'files/disk-full')
      throw fault('store/disk-full', { file: folder }, error);
    throw error;
  });
}
