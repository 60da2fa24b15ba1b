import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { checkFields, readJsonFile } from './json.ts';
import type { TensorFile, TensorInfo } from './tensor.ts';

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * The shards that an index file (`*.index.json`) names, as one file. Throws `formats/shard-missing`,
 * `formats/shard-lacks`, `formats/shard-path`, `formats/field` and what `open` throws.
 */
export async function openSharded(
  index: string,
  open: (file: string) => Promise<TensorFile>,
): Promise<TensorFile> {
  const { weight_map } = checkFields(indexSchema, await readJsonFile(index), index);
  const placesOf = Map.groupBy(Object.entries(weight_map), ([, shard]) => shard);
  const shards = new Map<string, TensorFile>();
  const close = async () => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    for (const [shard, places] of placesOf) {
      shards.set(shard, await openShard(index, shard, places.length, open));
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
      metadata: Object.assign({}, ...Array.from(shards.values(), (shard) => shard.metadata)) as Record<
        string,
        string
      >,
      read: async (name) => shardOf(name).read(name),
      readFloat32: async (name) => shardOf(name).readFloat32(name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openShard(
  index: string,
  shard: string,
  tensors: number,
  open: (file: string) => Promise<TensorFile>,
): Promise<TensorFile> {
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
