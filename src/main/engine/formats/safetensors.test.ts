import { readFile, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from './safetensors.ts';
import { faultOf, fixtures, golden, goldenFiles, temporaryFolder, textOf } from './test-support.ts';
import type { DType } from './dtype.ts';
import { writeSafetensors } from './write-safetensors.ts';

const adapter = join(golden, 'seed1/adapters/lora-qv/adapter_model.safetensors');

/** A safetensors file with this header and so many zero bytes of data. */
function fileOf(header: string, dataLength: number): Buffer {
  const json = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([prefix, json, Buffer.alloc(dataLength)]);
}

async function refusal(contents: string | Uint8Array): Promise<string> {
  const folder = await temporaryFolder();
  const file = join(folder, 'model.safetensors');
  await writeFile(file, contents);
  return textOf(await faultOf(() => openSafetensors(file)), folder);
}

describe('reading', () => {
  it('gives names, shapes, types and metadata in the order of the file', async () => {
    const file = await openSafetensors(adapter);
    expect(file.metadata).toEqual({ format: 'pt' });
    const [first, second] = file.tensors.values();
    expect(first).toEqual({
      name: 'base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight',
      dtype: 'F32',
      shape: [8, 32],
    });
    expect(second?.name).toBe('base_model.model.bert.encoder.layer.0.attention.self.query.lora_B.weight');
    await file.close();
  });

  it('gives the same numbers as the same checkpoint saved by PyTorch', async () => {
    const file = await openSafetensors(join(fixtures, 'types.safetensors'));
    const expected = JSON.parse(await readFile(join(fixtures, 'views.json'), 'utf8')) as Record<
      string,
      { shape: number[]; dtype: string; values: string[] }
    >;
    for (const [name, { shape, dtype, values }] of Object.entries(expected)) {
      expect(file.tensors.get(name)?.shape).toEqual(shape);
      if (!dtype.includes('float')) continue;
      expect(Array.from(await file.readFloat32(name))).toEqual(
        values.map((value) => Math.fround(value === 'inf' ? Infinity : Number(value))),
      );
    }
    await file.close();
  });

  it('refuses integers where floating-point numbers are asked for', async () => {
    const file = await openSafetensors(join(fixtures, 'types.safetensors'));
    expect(textOf(await faultOf(() => file.readFloat32('int64')), fixtures)).toBe(
      'types.safetensors holds int64 as I64; floating-point numbers are needed there. ' +
        'Take the unquantised checkpoint of this model.',
    );
    await file.close();
  });

  it('says which tensor a file does not hold', async () => {
    const file = await openSafetensors(adapter);
    expect((await faultOf(() => file.read('missing.weight'))).message).toBe(
      `${adapter} holds no tensor missing.weight.`,
    );
    await file.close();
  });

  it('still reads a file that was deleted after it was opened, and names one that was cut', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'adapter_model.safetensors');
    await writeFile(path, await readFile(adapter));
    const file = await openSafetensors(path);
    const name = Array.from(file.tensors.keys()).at(-1)!;
    const before = await file.read(name);
    await truncate(path, 3000);
    expect(textOf(await faultOf(() => file.read(name)), folder)).toBe(
      'adapter_model.safetensors vanished or became shorter while it was being read. ' +
        'Put the file back, or copy it to a local disk, and start again.',
    );
    await writeFile(path, await readFile(adapter));
    await unlink(path);
    expect(await file.read(name)).toEqual(before);
    await file.close();
  });
});

describe('writing', () => {
  it('gives the bytes of the reference library for every golden file', async () => {
    const folder = await temporaryFolder();
    const files = [
      ...(await goldenFiles('.safetensors')),
      join(fixtures, 'types.safetensors'),
      join(fixtures, 'names.safetensors'),
    ];
    expect(files.length).toBeGreaterThan(20);
    for (const path of files) {
      const file = await openSafetensors(path);
      const copy = join(folder, 'copy.safetensors');
      const tensors = Array.from(file.tensors.values(), (tensor) => ({
        ...tensor,
        data: async () => (await file.read(tensor.name)).bytes,
      })).reverse();
      const metadata = Object.keys(file.metadata).length > 0 ? file.metadata : undefined;
      await writeSafetensors(copy, tensors, metadata);
      await file.close();
      expect((await readFile(copy)).equals(await readFile(path)), path).toBe(true);
    }
  });

  it('leaves the old file whole when the data of a tensor cannot be had', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'adapter_model.safetensors');
    await writeFile(path, await readFile(adapter));
    const tensors = [{ name: 'a', dtype: 'F32' as DType, shape: [4], data: () => new Uint8Array(12) }];
    await expect(writeSafetensors(path, tensors)).rejects.toThrow('a: 12 bytes for F32 [4]');
    expect((await readFile(path)).equals(await readFile(adapter))).toBe(true);
  });
});

describe('a file that is not right', () => {
  const again = 'Download or copy the file again and compare its size with the original.';
  const damaged = 'model.safetensors is not a usable safetensors file: ';
  const tensor = '"dtype":"F32","shape":[2],"data_offsets"';

  it('is named when it is cut short', async () => {
    const bytes = await readFile(adapter);
    expect(await refusal(bytes.subarray(0, 5000))).toBe(
      `model.safetensors is cut short: it has 5000 bytes, and its header describes ${bytes.length}. ${again}`,
    );
    expect(await refusal(bytes.subarray(0, 100))).toMatch(
      /^model.safetensors is cut short: it has 100 bytes/,
    );
    expect(await refusal(bytes.subarray(0, 5))).toBe(`${damaged}it has only 5 bytes. ${again}`);
  });

  it('is named when it is empty', async () => {
    expect(await refusal('')).toBe(`model.safetensors is empty (0 bytes). ${again}`);
  });

  it('is named when it is a web page', async () => {
    expect(await refusal('\n<!DOCTYPE html><html><title>Log in</title></html>')).toBe(
      'model.safetensors holds a web page, not the file its name promises: the download failed or asked for a login. ' +
        'Delete it and download it again; where the model needs a login, set HF_TOKEN first.',
    );
  });

  it('is named when it is a Git LFS pointer', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
    expect(await refusal(pointer)).toBe(
      'model.safetensors is a Git LFS pointer: a text of a few lines that stands for the real file, which was not fetched. ' +
        'Run "git lfs pull" in its folder, or download the file itself.',
    );
  });

  it('is named when it is a PyTorch file under another name', async () => {
    const bin = await readFile(join(golden, 'seed1/adapters/lora-qv-bin/adapter_model.bin'));
    expect(await refusal(bin)).toBe(`${damaged}it is a zip file, as PyTorch writes for .bin. ${again}`);
  });

  it.each<[string, string, number, string]>([
    ['text that is no JSON', '{"a":nonsense}', 0, 'its header is not valid ('],
    [
      'two tensors of one name',
      `{"a":{${tensor}:[0,8]},"a":{${tensor}:[8,16]}}`,
      16,
      'the key "a" stands there twice',
    ],
    [
      'overlapping tensors',
      `{"a":{${tensor}:[0,8]},"b":{${tensor}:[4,12]}}`,
      12,
      'the bytes of b begin at 4',
    ],
    [
      'a gap between tensors',
      `{"a":{${tensor}:[0,8]},"b":{${tensor}:[16,24]}}`,
      24,
      'the bytes of b begin at 16',
    ],
    [
      'offsets that do not fit the shape',
      `{"a":{${tensor}:[0,12]}}`,
      12,
      'a of shape [2] in F32 does not fit its 12',
    ],
    ['offsets that run backwards', `{"a":{${tensor}:[8,0]}}`, 8, 'does not fit its -8 bytes'],
    [
      'a negative size',
      '{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}',
      8,
      'the entry of a is not',
    ],
    [
      'a shape of 2^60 elements',
      `{"a":{"dtype":"F32","shape":[${2 ** 30},${2 ** 30}],"data_offsets":[0,8]}}`,
      8,
      'does not fit its 8 bytes',
    ],
    ['bytes after the last tensor', `{"a":{${tensor}:[0,8]}}`, 11, '3 bytes follow its last tensor'],
    ['metadata that is no text', '{"__metadata__":{"a":1}}', 0, 'its __metadata__ is not a map of texts'],
    ['deep nesting', `{"a":${'['.repeat(1000)}`, 0, 'nested more than 3 levels deep'],
  ])('is refused for %s', async (_, header, dataLength, reason) => {
    const text = await refusal(fileOf(header, dataLength));
    expect(text).toContain(damaged);
    expect(text).toContain(reason);
  });

  it('is refused when it names more tensors than any model has', async () => {
    const entry = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
    const header = `{${Array.from({ length: 20_001 }, (_, i) => `"t${i}":${entry}`).join()}}`;
    expect(await refusal(fileOf(header, 0))).toContain(
      'it names 20001 tensors, and no model has more than 20000',
    );
    const long = `{"${'n'.repeat(33 * 2 ** 20)}":${entry}}`;
    expect(await refusal(fileOf(long, 0))).toContain('and that of a model some kilobytes');
  });

  it('names the tensor of an element type that is not read', async () => {
    const header = '{"w":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}';
    expect(await refusal(fileOf(header, 2))).toBe(
      'model.safetensors holds w as F8_E4M3, an element type that is not read. ' +
        'Convert the checkpoint to float32, float16 or bfloat16.',
    );
  });

  it('is missing when there is none, and a folder when it is one', async () => {
    const folder = await temporaryFolder();
    expect(textOf(await faultOf(() => openSafetensors(join(folder, 'gone.safetensors'))), folder)).toBe(
      'gone.safetensors does not exist. Check the path; a file that was moved or deleted must be put back or chosen again.',
    );
    expect(textOf(await faultOf(() => openSafetensors(folder)), folder)).toMatch(
      /^FOLDER cannot be read: it is not a file/,
    );
  });
});
