import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { readFault } from './file-faults.ts';
import { checkFields, readJsonFile } from './json.ts';
import { openSafetensors } from './safetensors.ts';
import type { TensorFile, TensorInfo } from './tensor.ts';
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
  try {
    if (!(await stat(folder)).isDirectory()) throw fault('files/not-folder', { folder });
  } catch (error) {
    throw readFault(folder, error);
  }
  for (const [name, open] of Object.entries(files)) {
    const file = join(folder, name);
    if (await stat(file).catch(() => null)) return open(file);
  }
  throw fault('formats/no-weights', { folder, names: Object.keys(files) });
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * The shards that an index file (`*.index.json`) names, as one file. Throws `formats/shard-missing`,
 * `formats/shard-lacks`, `formats/shard-path`, `formats/field` and what `open` throws.
 */
async function openSharded(index: string, open: Open): Promise<TensorFile> {
  const { weight_map } = checkFields(indexSchema, await readJsonFile(index), index);
  const tensorsOf = Map.groupBy(Object.entries(weight_map), ([, shard]) => shard);
  const shards = new Map<string, TensorFile>();
  const close = async () => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    for (const [shard, { length }] of tensorsOf) {
      shards.set(shard, await openShard(index, shard, length, open));
    }
    const tensors = new Map<string, TensorInfo>();
    for (const [tensor, shard] of Object.entries(weight_map)) {
      const info = shards.get(shard)?.tensors.get(tensor);
      if (info === undefined) throw fault('formats/shard-lacks', { index, shard, tensor });
      tensors.set(tensor, info);
    }
    const shardOf = (name: string): TensorFile => {
      const shard = shards.get(weight_map[name] ?? '');
      if (shard === undefined) throw fault('formats/no-tensor', { file: index, tensor: name });
      return shard;
    };
    return {
      path: index,
      tensors,
      metadata: Object.fromEntries([...shards.values()].flatMap(({ metadata }) => Object.entries(metadata))),
      read: async (name) => shardOf(name).read(name),
      readFloat32: async (name) => shardOf(name).readFloat32(name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openShard(index: string, shard: string, tensors: number, open: Open): Promise<TensorFile> {
  if (!/^[^/\\:\0]+$/.test(shard) || shard === '.' || shard === '..') {
    throw fault('formats/shard-path', { index, shard });
  }
  try {
    return await open(join(dirname(index), shard));
  } catch (error) {
    const missing = error instanceof Fault && error.code === 'files/missing';
    throw missing ? fault('formats/shard-missing', { index, shard, tensors }, error) : error;
  }
}
