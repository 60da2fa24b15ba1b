import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { readFault } from './file-faults.ts';
import { openSafetensors } from './safetensors.ts';
import { openSharded } from './sharded.ts';
import type { TensorFile } from './tensor.ts';
import { openTorchFile } from './torch/torch-file.ts';

type Open = (file: string) => Promise<TensorFile>;

/** In the order in which `from_pretrained` looks for them. */
const checkpointFiles: Record<string, Open> = {
  'model.safetensors': openSafetensors,
  'model.safetensors.index.json': (file) => openSharded(file, openSafetensors),
  'pytorch_model.bin': openTorchFile,
  'pytorch_model.bin.index.json': (file) => openSharded(file, openTorchFile),
};

const adapterFiles: Record<string, Open> = {
  'adapter_model.safetensors': openSafetensors,
  'adapter_model.bin': openTorchFile,
};

/** The weights of a model folder, shards as one. Throws `formats/…` or `files/…`. */
export function openCheckpoint(folder: string): Promise<TensorFile> {
  return openFirst(folder, checkpointFiles);
}

/** The weights of an adapter folder. Throws `formats/…` or `files/…`. */
export function openAdapterWeights(folder: string): Promise<TensorFile> {
  return openFirst(folder, adapterFiles);
}

async function openFirst(folder: string, files: Record<string, Open>): Promise<TensorFile> {
  await refuseNonFolder(folder);
  for (const [name, open] of Object.entries(files)) {
    const file = join(folder, name);
    if (await exists(file)) return open(file);
  }
  throw fault('formats/no-weights', { folder, names: Object.keys(files) });
}

async function refuseNonFolder(folder: string): Promise<void> {
  try {
    if (!(await stat(folder)).isDirectory()) throw fault('files/not-folder', { folder });
  } catch (error) {
    throw readFault(folder, error);
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
