import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Fault } from '../../../shared/faults/index.ts';
import { readAdapterConfig } from './adapter-config.ts';
import { openAdapterWeights, openCheckpoint } from './checkpoint.ts';
import { readModelConfig } from './model-config.ts';
import { fixtures, golden, temporaryFolder } from './test-support.ts';
import type { TensorFile } from './tensor.ts';

/** Long enough to find what a wrong length or a loop would do, short enough for every run. */
const runs = 100;

interface Reader {
  name: string;
  file: string;
  /** A right file of that format, to be damaged. */
  seed: string;
  read: (folder: string) => Promise<unknown>;
}

const readers: Reader[] = [
  {
    name: 'safetensors',
    file: 'model.safetensors',
    seed: join(fixtures, 'types.safetensors'),
    read: (folder) => readAll(openCheckpoint(folder)),
  },
  {
    name: 'PyTorch files',
    file: 'adapter_model.bin',
    seed: join(fixtures, 'views.bin'),
    read: (folder) => readAll(openAdapterWeights(folder)),
  },
  {
    name: 'PyTorch files in the old format',
    file: 'pytorch_model.bin',
    seed: join(fixtures, 'legacy.bin'),
    read: (folder) => readAll(openCheckpoint(folder)),
  },
  {
    name: 'config.json',
    file: 'config.json',
    seed: join(golden, 'seed1/models/bert/config.json'),
    read: readModelConfig,
  },
  {
    name: 'adapter_config.json',
    file: 'adapter_config.json',
    seed: join(golden, 'seed1/adapters/rank-pattern/adapter_config.json'),
    read: readAdapterConfig,
  },
  {
    name: 'an index of shards',
    file: 'model.safetensors.index.json',
    seed: join(fixtures, 'model.safetensors.index.json'),
    read: (folder) => readAll(openCheckpoint(folder)),
  },
];

async function readAll(opening: Promise<TensorFile>): Promise<void> {
  const file = await opening;
  try {
    for (const name of file.tensors.keys()) await file.read(name);
  } finally {
    await file.close();
  }
}

/** Reads `bytes` as the reader's file: an answer or a `Fault`. Returns the largest array that was made for it. */
async function readBytes({ file, read }: Reader, folder: string, bytes: Uint8Array): Promise<number> {
  await writeFile(join(folder, file), bytes);
  const allocated = vi.spyOn(globalThis, 'Uint8Array');
  let largest = 0;
  try {
    await read(folder);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.message).not.toBe('');
    expect(error.remedy).not.toBe('');
  } finally {
    for (const [size] of allocated.mock.calls as unknown[][]) {
      if (typeof size === 'number') largest = Math.max(largest, size);
    }
    allocated.mockRestore();
  }
  expect(largest).toBeLessThanOrEqual(bytes.length);
  return largest;
}

type Damage = (bytes: Uint8Array) => Uint8Array;

const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(position, fc.nat(255)).map(
    ([at, byte]): Damage =>
      (bytes) =>
        Uint8Array.from(bytes).fill(byte, at * bytes.length, at * bytes.length + 1),
  ),
  position.map(
    (at): Damage =>
      (bytes) =>
        bytes.subarray(0, at * bytes.length),
  ),
  fc.tuple(position, fc.uint8Array({ minLength: 1, maxLength: 16 })).map(([at, piece]): Damage => (bytes) => {
    const cut = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, cut), piece, bytes.subarray(cut)]);
  }),
  fc.tuple(position, position, fc.nat(64)).map(
    ([from, to, length]): Damage =>
      (bytes) =>
        Uint8Array.from(bytes).copyWithin(
          to * bytes.length,
          from * bytes.length,
          from * bytes.length + length,
        ),
  ),
  // A length, an offset or a size where the file has another one.
  fc.tuple(position, fc.constantFrom(0xff, 0x7f, 0x80, 0)).map(
    ([at, byte]): Damage =>
      (bytes) =>
        Uint8Array.from(bytes).fill(byte, at * bytes.length, at * bytes.length + 8),
  ),
);

describe.each(readers)('$name', (reader) => {
  const survives = async (contents: fc.Arbitrary<Uint8Array>) => {
    const folder = await temporaryFolder();
    const property = fc.asyncProperty(contents, async (bytes) => {
      await readBytes(reader, folder, bytes);
    });
    await fc.assert(property, { numRuns: runs });
  };

  it('that are right need no more memory at once than the file has bytes', async () => {
    const folder = await temporaryFolder();
    expect(await readBytes(reader, folder, await readFile(reader.seed))).toBeGreaterThan(0);
  });

  it('of random bytes end with an answer or a fault', async () => {
    await survives(fc.uint8Array({ maxLength: 400 }));
  });

  it('that begin rightly and go on at random end with an answer or a fault', async () => {
    const seed = await readFile(reader.seed);
    const tail = fc.uint8Array({ maxLength: 200 });
    await survives(
      fc
        .tuple(position, tail)
        .map(([at, bytes]) => Buffer.concat([seed.subarray(0, at * seed.length), bytes])),
    );
  });

  it('with damaged places end with an answer or a fault', async () => {
    const seed: Uint8Array = await readFile(reader.seed);
    const damages = fc.array(damage, { minLength: 1, maxLength: 4 });
    await survives(damages.map((list) => list.reduce((bytes, change) => change(bytes), seed)));
  });
});
