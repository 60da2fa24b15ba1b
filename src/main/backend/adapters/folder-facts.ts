import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readModelConfig } from '../../engine/formats/model-config.ts';
import { readJsonFile } from '../../engine/formats/json.ts';
import { sha256Of } from '../experiments/run-folder.ts';

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

/** The file of an adapter's weights with its hash and size. Throws the file system's errors. */
export async function adapterWeights(
  folder: string,
): Promise<{ file: string; sha256: string; bytes: number }> {
  for (const file of ['adapter_model.safetensors', 'adapter_model.bin']) {
    const whole = path.join(folder, file);
    const size = await stat(whole).catch(() => null);
    if (size?.isFile()) return { file, sha256: await sha256Of(whole), bytes: size.size };
  }
  throw new Error(`${folder} holds no weights of an adapter.`);
}
