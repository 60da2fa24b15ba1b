import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../safetensors.ts';
import { faultOf, fixtures, golden, temporaryFolder, textOf } from '../test-support.ts';
import type { TensorFile } from '../tensor.ts';
import { storedZip, torchZip } from './test-zip.ts';
import { openTorchFile } from './torch-file.ts';

type Expected = Record<string, { dtype: string; shape: number[]; values: string[] }>;

const integers = {
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

async function valuesOf(file: TensorFile, name: string): Promise<string[]> {
  const { dtype, bytes } = await file.read(name);
  if (!(dtype in integers)) return Array.from(await file.readFloat32(name), String);
  const View = integers[dtype as keyof typeof integers];
  const texts = Array.from(new View(bytes.slice().buffer), String);
  return dtype === 'BOOL' ? texts.map((bit) => (bit === '1' ? 'True' : 'False')) : texts;
}

/** What a person reads when `contents` stands where adapter_model.bin should. */
async function refusal(contents: string | Uint8Array): Promise<string> {
  const folder = await temporaryFolder();
  const path = join(folder, 'adapter_model.bin');
  await writeFile(path, contents);
  return textOf(await faultOf(() => openTorchFile(path)), folder);
}

describe('reading', () => {
  it.each(['views.bin', 'views-protocol4.bin', 'legacy.bin'])(
    'gives views, shared storages and every type of %s as PyTorch does',
    async (name) => {
      const expected = JSON.parse(await readFile(join(fixtures, 'views.json'), 'utf8')) as Expected;
      const file = await openTorchFile(join(fixtures, name));
      expect(Array.from(file.tensors.keys())).toEqual(Object.keys(expected));
      for (const [tensor, { dtype, shape, values }] of Object.entries(expected)) {
        expect(file.tensors.get(tensor)?.shape).toEqual(shape);
        const asFloat32 = (value: string) => String(Math.fround(value === 'inf' ? Infinity : Number(value)));
        expect(await valuesOf(file, tensor), tensor).toEqual(
          dtype.includes('float') ? values.map(asFloat32) : values,
        );
      }
      await file.close();
    },
  );

  it.each(['seed1', 'seed2'])('gives the tensors of the safetensors twin, %s', async (seed) => {
    const pairs = [
      ['adapters/lora-qv-bin/adapter_model.bin', 'adapters/lora-qv/adapter_model.safetensors'],
      ['models/bert/pytorch_model.bin', 'models/bert/model.safetensors'],
    ] as const;
    for (const [bin, twin] of pairs) {
      const file = await openTorchFile(join(golden, seed, bin));
      const safe = await openSafetensors(join(golden, seed, twin));
      expect(Array.from(file.tensors.keys()).sort()).toEqual(Array.from(safe.tensors.keys()).sort());
      for (const name of file.tensors.keys()) expect(await file.read(name)).toEqual(await safe.read(name));
      await file.close();
      await safe.close();
    }
  });

  it('names a file that became shorter after it was opened', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'adapter_model.bin');
    await writeFile(path, await readFile(join(golden, 'seed1/adapters/lora-qv-bin/adapter_model.bin')));
    const file = await openTorchFile(path);
    await truncate(path, 100);
    expect(textOf(await faultOf(() => file.read(Array.from(file.tensors.keys())[0]!)), folder)).toBe(
      'adapter_model.bin vanished or became shorter while it was being read. ' +
        'Put the file back, or copy it to a local disk, and start again.',
    );
    await file.close();
  });
});

describe('a file that tries to run code', () => {
  const refused = (name: string) =>
    `adapter_model.bin asks for ${name}, which is not part of a tensor. Nothing in the file was run. ` +
    'Do not use this file unless you trust who made it; ask for a safetensors file instead.';

  it.each([
    ['as os.system called with a text', 'os.system', '\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.'],
    [
      'as builtins.eval inside a dictionary',
      'builtins.eval',
      '\x80\x02}(X\x01\0\0\0acbuiltins\neval\nX\x011\x85Ru.',
    ],
    [
      'with the names on the stack',
      'posix.system',
      '\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x04true\x85R.',
    ],
    ['as an old-style instance', 'os.system', '(ios\nsystem\n.'],
    ['behind a name that torch uses', 'torch.load', '\x80\x02ctorch\nload\nX\x011\x85R.'],
    [
      'through an attribute of a name',
      'torch.serialization.os.system',
      '\x80\x02ctorch.serialization\nos.system\n.',
    ],
  ])('is refused by name: %s', async (_, name, pickle) => {
    expect(await refusal(torchZip(Buffer.from(pickle, 'latin1')))).toBe(refused(name));
  });

  it('is refused by name as a bare pickle too', async () => {
    expect(await refusal(Buffer.from('\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.', 'latin1'))).toBe(
      refused('os.system'),
    );
    expect(await refusal('cos\nsystem\n(Vtrue\ntR.')).toBe(refused('os.system'));
  });

  it('is refused by name in the old format too', async () => {
    const legacy = await readFile(join(fixtures, 'legacy.bin'));
    const magic = legacy.subarray(0, 15);
    expect(await refusal(Buffer.concat([magic, Buffer.from('cos\nsystem\n.')]))).toBe(refused('os.system'));
  });
});

describe('a file that is not right', () => {
  const again = 'Download or copy the file again and compare its size with the original.';
  const damaged = 'adapter_model.bin is not a usable PyTorch file: ';

  it('is named when it is cut short', async () => {
    const bytes = await readFile(join(golden, 'seed1/adapters/lora-qv-bin/adapter_model.bin'));
    expect(await refusal(bytes.subarray(0, 5000))).toBe(
      `${damaged}it is a zip file that is cut or damaged (End of central directory record signature not found. ` +
        `Either not a zip file, or file is truncated.). ${again}`,
    );
  });

  it('is named when it is empty, a web page, a Git LFS pointer', async () => {
    expect(await refusal('')).toBe(`adapter_model.bin is empty (0 bytes). ${again}`);
    expect(await refusal('<html><body>404</body></html>')).toMatch(/^adapter_model.bin holds a web page/);
    expect(await refusal('version https://git-lfs.github.com/spec/v1\noid sha256:1\n')).toMatch(
      /^adapter_model.bin is a Git LFS pointer/,
    );
  });

  it('is named when it is cut short in the format from before PyTorch 1.6', async () => {
    const legacy = await readFile(join(fixtures, 'legacy.bin'));
    expect(await refusal(legacy.subarray(0, 1000))).toBe(`${damaged}its pickle ends too early. ${again}`);
    expect(await refusal(legacy.subarray(0, legacy.length - 1))).toBe(
      `${damaged}its numbers end too early. ${again}`,
    );
  });

  it('is refused when it holds more than weights', async () => {
    const state = await faultOf(() => openTorchFile(join(fixtures, 'trainer-state.bin')));
    expect(textOf(state, fixtures)).toBe(
      'trainer-state.bin is not a set of weights: epoch is not a tensor. ' +
        'Save the weights alone, with save_pretrained() or torch.save(model.state_dict(), ...).',
    );
    // The second one nests 100,000 tuples.
    for (const pickle of ['].', `)${'\x85'.repeat(100_000)}.`])
      expect(await refusal(torchZip(Buffer.from(`\x80\x02${pickle}`, 'latin1')))).toMatch(
        /^adapter_model.bin is not a set of weights: it is not a dictionary of tensors/,
      );
  });

  it('is refused for an element type that is not read', async () => {
    const complex = await faultOf(() => openTorchFile(join(fixtures, 'complex.bin')));
    expect(textOf(complex, fixtures)).toBe(
      'complex.bin holds tensors as torch.ComplexFloatStorage, an element type that is not read. ' +
        'Convert the checkpoint to float32, float16 or bfloat16.',
    );
  });

  it('is refused in big-endian byte order', async () => {
    const file = torchZip(Buffer.from('\x80\x02}.', 'latin1'), { byteorder: Buffer.from('big') });
    expect(await refusal(file)).toBe(
      'adapter_model.bin was saved in big-endian byte order, which is not read. ' +
        'Save it again on an x86 or ARM machine, or as safetensors.',
    );
  });

  it('is refused when a part of it is missing, doubled or no pickle', async () => {
    expect(await refusal(storedZip([['a/b', Buffer.alloc(4)]]))).toBe(
      `${damaged}it is a zip file without data.pkl. ${again}`,
    );
    const twice = storedZip([
      ['m/data.pkl', Buffer.from('}.')],
      ['m/data.pkl', Buffer.from('}.')],
    ]);
    expect(await refusal(twice)).toContain('its part m/data.pkl is there twice');
    expect(await refusal(torchZip(Buffer.from('}')))).toContain('its pickle ends too early');
    expect(await refusal(torchZip(tensorPickle([2], [1], 2)))).toContain(
      'its part data/0, which holds w, is missing',
    );
  });

  it.each<[string, number[], number[], number, string]>([
    ['reaches beyond its storage', [3], [1], 2, 'w reaches beyond the end of its storage'],
    ['claims a storage longer than its part', [3], [1], 3, 'the part that holds w is too short'],
    ['repeats an element 2^40 times', [2 ** 20, 2 ** 20], [0, 0], 2, 'w is larger than the file itself'],
    ['has strides for other dimensions', [2], [1, 1], 2, 'strides do not fit its shape'],
  ])('is refused when a tensor %s', async (_, shape, stride, length, reason) => {
    const file = torchZip(tensorPickle(shape, stride, length), { 'data/0': Buffer.alloc(8) });
    expect(await refusal(file)).toContain(reason);
  });
});

it('a dictionary of Python 2, made of a list of its items, is read', async () => {
  const pickle = tensorPickle([2], [1], 2).toString('latin1');
  const item = pickle.slice('\x80\x02}'.length, -'s.'.length);
  const folder = await temporaryFolder();
  const made = async (items: string): Promise<string> => {
    const bytes = Buffer.from(`\x80\x02ccollections\nOrderedDict\n(${items}tR.`, 'latin1');
    const path = join(folder, 'adapter_model.bin');
    const numbers = Buffer.from(Float32Array.of(1.5, -2).buffer);
    await writeFile(path, torchZip(bytes, { 'data/0': numbers }));
    return path;
  };
  const file = await openTorchFile(await made(`](${item}la`));
  expect([...(await file.readFloat32('w'))]).toEqual([1.5, -2]);
  await file.close();
  const fault = await faultOf(async () => openTorchFile(await made('](K\x01la')));
  expect(fault.message).toContain('it makes a dictionary of something that is no list of its items');
});

/** The pickle of {'w': a float32 tensor over storage 0}. */
function tensorPickle(shape: number[], stride: number[], length: number): Buffer {
  const int = (value: number) => `J${Buffer.from(Int32Array.of(value).buffer).toString('latin1')}`;
  const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
  const tuple = (values: number[]) => `(${values.map(int).join('')}t`;
  const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}${int(length)}tQ`;
  const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${int(0)}${tuple(shape)}${tuple(stride)}\x89}tR`;
  return Buffer.from(`\x80\x02}${text('w')}${tensor}s.`, 'latin1');
}
