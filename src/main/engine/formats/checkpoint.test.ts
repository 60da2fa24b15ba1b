import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAdapterWeights, openCheckpoint } from './checkpoint.ts';
import { openSafetensors } from './safetensors.ts';
import { faultOf, golden, temporaryFolder, textOf } from './test-support.ts';
import type { TensorFile } from './tensor.ts';
import { writeSafetensors } from './write-safetensors.ts';

const bert = join(golden, 'seed1/models/bert');

async function copyInto(folder: string, name: string, from: string): Promise<void> {
  await writeFile(join(folder, name), await readFile(from));
}

async function expectSameTensors(actual: TensorFile, expected: TensorFile): Promise<void> {
  expect(Array.from(actual.tensors.keys()).sort()).toEqual(Array.from(expected.tensors.keys()).sort());
  for (const name of expected.tensors.keys())
    expect(await actual.read(name)).toEqual(await expected.read(name));
}

/** The golden checkpoint in two shards with an index. */
async function shardedFolder(): Promise<string> {
  const folder = await temporaryFolder();
  const file = await openSafetensors(join(bert, 'model.safetensors'));
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  const shardOf = (name: string) => shards[name.includes('layer.1.') ? 1 : 0];
  for (const shard of shards) {
    const tensors = Array.from(file.tensors.values()).filter(({ name }) => shardOf(name) === shard);
    const toWrite = tensors.map((tensor) => ({
      ...tensor,
      data: async () => (await file.read(tensor.name)).bytes,
    }));
    await writeSafetensors(join(folder, shard), toWrite, { format: 'pt' });
  }
  const weight_map = Object.fromEntries(Array.from(file.tensors.keys(), (name) => [name, shardOf(name)]));
  await writeIndex(folder, weight_map);
  await file.close();
  return folder;
}

async function writeIndex(folder: string, weight_map: unknown): Promise<void> {
  const index = JSON.stringify({ metadata: { total_size: 1 }, weight_map });
  await writeFile(join(folder, 'model.safetensors.index.json'), index);
}

describe('a model folder', () => {
  it('is read from safetensors where both formats are there', async () => {
    const file = await openCheckpoint(bert);
    expect(file.path).toBe(join(bert, 'model.safetensors'));
    await file.close();
  });

  it('is read from pytorch_model.bin where that is all there is', async () => {
    const folder = await temporaryFolder();
    await copyInto(folder, 'pytorch_model.bin', join(bert, 'pytorch_model.bin'));
    const [bin, safe] = [await openCheckpoint(folder), await openCheckpoint(bert)];
    await expectSameTensors(bin, safe);
    await bin.close();
    await safe.close();
  });

  it('is one view of all its shards', async () => {
    const [sharded, single] = [await openCheckpoint(await shardedFolder()), await openCheckpoint(bert)];
    await expectSameTensors(sharded, single);
    expect(sharded.metadata).toEqual({ format: 'pt' });
    expect(await sharded.readFloat32('classifier.bias')).toEqual(await single.readFloat32('classifier.bias'));
    expect((await faultOf(() => sharded.read('x'))).message).toMatch(/index.json holds no tensor x\.$/);
    await sharded.close();
    await single.close();
  });

  it('is one view of shards in PyTorch files too', async () => {
    const folder = await temporaryFolder();
    await copyInto(folder, 'pytorch_model-00001-of-00001.bin', join(bert, 'pytorch_model.bin'));
    const weight_map = { 'classifier.bias': 'pytorch_model-00001-of-00001.bin' };
    await writeFile(join(folder, 'pytorch_model.bin.index.json'), JSON.stringify({ weight_map }));
    const file = await openCheckpoint(folder);
    expect(Array.from(file.tensors.keys())).toEqual(['classifier.bias']);
    expect((await file.readFloat32('classifier.bias')).length).toBe(5);
    await file.close();
  });

  it('names what was looked for when it holds no weights', async () => {
    const folder = await temporaryFolder();
    expect(textOf(await faultOf(() => openCheckpoint(folder)), folder)).toBe(
      'FOLDER holds no weights: there is none of model.safetensors, model.safetensors.index.json, ' +
        'pytorch_model.bin, pytorch_model.bin.index.json. ' +
        'Choose the folder that these files are in, or download the model again.',
    );
  });

  it('is named when it is not there or is a file', async () => {
    const folder = await temporaryFolder();
    expect((await faultOf(() => openCheckpoint(join(folder, 'gone')))).code).toBe('files/missing');
    expect((await faultOf(() => openCheckpoint(join(bert, 'config.json')))).code).toBe('files/not-folder');
  });
});

describe('an index of shards', () => {
  it('names the shard that is missing', async () => {
    const folder = await temporaryFolder();
    await writeIndex(folder, {
      a: 'model-00001-of-00002.safetensors',
      b: 'model-00001-of-00002.safetensors',
    });
    expect(textOf(await faultOf(() => openCheckpoint(folder)), folder)).toBe(
      'model.safetensors.index.json names the shard model-00001-of-00002.safetensors (2 tensors), ' +
        'which is not beside it. Download the missing shard into the same folder.',
    );
  });

  it('names the tensor that its shard does not hold', async () => {
    const folder = await temporaryFolder();
    await copyInto(folder, 'shard.safetensors', join(bert, 'model.safetensors'));
    await writeIndex(folder, {
      'classifier.bias': 'shard.safetensors',
      'lm_head.weight': 'shard.safetensors',
    });
    expect(textOf(await faultOf(() => openCheckpoint(folder)), folder)).toBe(
      'model.safetensors.index.json places lm_head.weight in shard.safetensors, which does not hold it. ' +
        'Download the index and all shards again, from one revision of the model.',
    );
  });

  it.each(['../model.safetensors', '/etc/passwd', '..', 'C:\\model.bin', 'a/b', ''])(
    'cannot lead out of its folder with %j',
    async (shard) => {
      const folder = await temporaryFolder();
      await writeIndex(folder, { a: shard });
      const text = textOf(await faultOf(() => openCheckpoint(folder)), folder);
      expect(text).toContain(`names the shard ${JSON.stringify(shard)}, which is not a plain file name`);
    },
  );

  it.each<[string, string, string]>([
    ['no JSON', '{"weight_map": {', 'model.safetensors.index.json is not valid JSON: '],
    [
      'another shape',
      '{"weight_map": {"a": 1}}',
      'model.safetensors.index.json: weight_map.a cannot be used: it is 1, and text is needed',
    ],
    ['a web page', '<!doctype html>', 'model.safetensors.index.json holds a web page'],
    ['not UTF-8', '{"a": "\u00ff"}', 'model.safetensors.index.json is not valid JSON: it is not UTF-8 text.'],
  ])('that is %s is refused', async (_, text, message) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'model.safetensors.index.json'), text, 'latin1');
    expect(textOf(await faultOf(() => openCheckpoint(folder)), folder)).toContain(message);
  });
});

describe('an adapter folder', () => {
  it('is read from either format, with the same tensors', async () => {
    const safe = await openAdapterWeights(join(golden, 'seed1/adapters/lora-qv'));
    const bin = await openAdapterWeights(join(golden, 'seed1/adapters/lora-qv-bin'));
    await expectSameTensors(bin, safe);
    await safe.close();
    await bin.close();
  });

  it('names what was looked for when it holds no weights', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'adapter'));
    expect(textOf(await faultOf(() => openAdapterWeights(join(folder, 'adapter'))), folder)).toBe(
      'adapter holds no weights: there is none of adapter_model.safetensors, adapter_model.bin. ' +
        'Choose the folder that these files are in, or download the model again.',
    );
  });
});
