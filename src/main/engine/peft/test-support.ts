import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { bytesOf } from '../formats/dtype.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { golden, temporaryFolder } from '../formats/test-support.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import type { ModelTensor } from '../models/test-support.ts';

export const goldenAdapter = (name: string, seed = 'seed1'): string =>
  path.join(golden, seed, 'adapters', name);

/** The article's own adapter. */
export const loraFields = {
  peft_type: 'LORA',
  task_type: 'SEQ_CLS',
  r: 4,
  lora_alpha: 8,
  target_modules: ['query', 'value'],
};

/** The fields of a JSON file. */
export async function fieldsOf(file: string): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
}

/** A copy of a golden adapter with other tensors, in a folder that goes with the test. */
export async function changedAdapter(
  name: string,
  change: (tensors: Map<string, ModelTensor>) => void,
): Promise<string> {
  const folder = await temporaryFolder();
  await copyFile(
    path.join(goldenAdapter(name), 'adapter_config.json'),
    path.join(folder, 'adapter_config.json'),
  );
  const file = await openSafetensors(path.join(goldenAdapter(name), 'adapter_model.safetensors'));
  const tensors = new Map<string, ModelTensor>();
  for (const [key, { shape }] of file.tensors) tensors.set(key, { shape, data: await file.readFloat32(key) });
  await file.close();
  change(tensors);
  const written = [...tensors].map(([key, { shape, data }]) => ({
    name: key,
    dtype: 'F32' as const,
    shape,
    data: () => bytesOf(data),
  }));
  await writeSafetensors(path.join(folder, 'adapter_model.safetensors'), written, { format: 'pt' });
  return folder;
}
