import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Adapter } from '../../../shared/contract/adapters.ts';
import type { TestBackend } from '../test-support.ts';

const golden = path.resolve(import.meta.dirname, '../../../../fixtures/golden');

/** A folder of adapters that PEFT wrote for the tiny model of the same seed. */
export const goldenAdapter = (name: string, seed = 'seed1'): string =>
  path.join(golden, seed, 'adapters', name);

/** Adds a copy of the tiny model to the library; the copy may be changed. */
export async function addModel(
  backend: TestBackend,
  seed = 'seed1',
): Promise<{ modelId: string; folder: string }> {
  const folder = path.join(backend.dir, `model-${seed}`);
  await mkdir(folder);
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])
    await cp(path.join(golden, seed, 'models/bert', name), path.join(folder, name));
  const { model } = await backend.call('models/add-folder', { folder });
  return { modelId: model.id, folder };
}

/** A copy of a golden adapter, that may be changed. */
export async function copiedAdapter(backend: TestBackend, name: string): Promise<string> {
  const folder = path.join(backend.dir, `copy-${name}`);
  await cp(goldenAdapter(name), folder, { recursive: true });
  return folder;
}

/** Imports a golden adapter. */
export async function importGolden(backend: TestBackend, modelId: string, name: string): Promise<Adapter> {
  return (await backend.call('adapters/import', { folder: goldenAdapter(name), modelId })).adapter;
}
