import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytesOf } from '../formats/dtype.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { faultOf, temporaryFolder, textOf } from '../formats/test-support.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import { changedModel } from '../models/test-support.ts';
import { exported, goldenAdapter, goldenModel } from './test-support.ts';

/** A copy of the golden adapter with other values in one tensor. */
async function changedAdapter(tensor: string, change: (values: Float32Array) => void): Promise<string> {
  const folder = path.join(await temporaryFolder(), 'adapter');
  await cp(goldenAdapter, folder, { recursive: true });
  const file = await openSafetensors(path.join(goldenAdapter, 'adapter_model.safetensors'));
  const tensors = await Promise.all(
    [...file.tensors.values()].map(async ({ name, shape }) => {
      const values = await file.readFloat32(name);
      if (name.endsWith(tensor)) change(values);
      return { name, shape, dtype: 'F32' as const, data: () => bytesOf(values) };
    }),
  );
  await file.close();
  await writeSafetensors(path.join(folder, 'adapter_model.safetensors'), tensors, { format: 'pt' });
  return folder;
}

/** What an export to `hf` is refused with before anything is written. */
async function refusal(change: { model?: string; adapter?: string }): Promise<string> {
  const output = await temporaryFolder();
  const found = await faultOf(() => exported(['hf'], { ...change, output }));
  expect(await readdir(output)).toEqual([]);
  return textOf(found, change.adapter ?? change.model ?? '');
}

describe('an export is refused before anything is written', () => {
  it('for an adapter with a NaN, naming the tensor', async () => {
    const adapter = await changedAdapter('layer.1.attention.self.query.lora_A.weight', (values) =>
      values.fill(NaN, 3, 4),
    );
    expect(await refusal({ adapter })).toMatch(
      /^adapter_model\.safetensors: base_model\.model\.bert\.encoder\.layer\.1\.attention\.self\.query\.lora_A\.weight holds values that are not numbers/,
    );
  });

  it('for an adapter of a base with other sizes, naming the tensor and both shapes', async () => {
    const config: unknown = JSON.parse(await readFile(path.join(goldenModel, 'config.json'), 'utf8'));
    const { hidden_size: size } = config as { hidden_size: number };
    const model = await changedModel({ hidden_size: size / 2 }, (tensors) => {
      for (const tensor of tensors.values()) {
        const shape = tensor.shape.map((one) => (one === size ? size / 2 : one));
        tensor.data = tensor.data.subarray(
          0,
          shape.reduce((a, b) => a * b, 1),
        );
        tensor.shape = shape;
      }
    });
    expect(await refusal({ model })).toMatch(/lora_A\.weight has shape \[8, \d+\]; this base model needs/);
  });

  it('for an adapter whose head and labels differ in number', async () => {
    const adapter = path.join(await temporaryFolder(), 'adapter');
    await cp(goldenAdapter, adapter, { recursive: true });
    const config: unknown = JSON.parse(await readFile(path.join(goldenModel, 'config.json'), 'utf8'));
    const two = { ...(config as object), id2label: { 0: 'ham', 1: 'spam' }, label2id: { ham: 0, spam: 1 } };
    await writeFile(path.join(adapter, 'config.json'), JSON.stringify(two));
    expect(await refusal({ adapter })).toMatch(
      /^adapter_model\.safetensors has a head of 5 labels; config\.json names 2\./,
    );
  });

  it('for a quantised base, with the reason', async () => {
    const model = await changedModel({ quantization_config: { quant_method: 'bitsandbytes' } });
    expect(await refusal({ model })).toMatch(/merging into them would round the adapter away/);
  });
});

it('a weight that float16 does not reach is refused, and bfloat16 offered', async () => {
  const model = await changedModel({}, (tensors) =>
    tensors.get('bert.embeddings.LayerNorm.weight')!.data.fill(70_000),
  );
  const { output, reports } = await exported(['hf'], { model, adapter: undefined, precision: 'fp16' });
  expect(reports[0]).toMatchObject({ state: 'refused' });
  expect(reports[0]!.reason).toMatch(/LayerNorm\.weight holds values beyond 65,504.*Choose bf16/);
  expect(await readdir(output)).toEqual([]);
});

it('a matrix that float16 does not reach is refused of ONNX too, and named as in the model', async () => {
  const name = 'bert.encoder.layer.0.attention.output.dense.weight';
  const model = await changedModel({}, (tensors) => tensors.get(name)!.data.fill(70_000));
  const { reports } = await exported(['onnx-fp16'], { model, adapter: undefined });
  expect(reports[0]).toMatchObject({ state: 'refused' });
  expect(reports[0]!.reason).toMatch(new RegExp(`^${name} holds values beyond 65,504.*full precision`));
});

/** A disk in memory, mounted at a folder that goes with the test; null where none can be mounted. */
async function disk(options: string): Promise<string | null> {
  const place = path.join(await temporaryFolder(), 'disk');
  await mkdir(place);
  const run = promisify(execFile);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place]);
  } catch {
    console.warn('No small disk can be mounted here: full and read-only disks are not tried in this run.');
    return null;
  }
  onTestFinished(() => run('umount', [place]).then(() => undefined));
  return place;
}

describe('a disk that', () => {
  it.each([
    // Of the merged weights, of a model file, and of a SavedModel not all fits; the adapter does.
    ['hf', 'embedding', 'onnx', 'onnx-fp16', 'onnx-int8', 'savedmodel', 'peft'],
  ] as const)(
    'is full says so for each target, and keeps nothing of it',
    async (...targets) => {
      const place = await disk('size=110k');
      if (place === null) return;
      const { reports } = await exported(targets, { output: path.join(place, 'out') });
      for (const { target, state, reason, folder } of reports) {
        if (target === 'peft') expect(state).toBe('passed');
        else {
          expect({ target, state }).toEqual({ target, state: 'refused' });
          expect(reason).toMatch(new RegExp(`^The disk is full: .* could not be written to ${folder}\\.`));
        }
      }
      expect(await readdir(path.join(place, 'out'))).toEqual(['peft']);
    },
    40_000,
  );

  it('is read-only is named', async () => {
    const place = await disk('ro,size=1m');
    if (place === null) return;
    const { reports } = await exported(['hf'], { output: path.join(place, 'out') });
    expect(reports[0]).toMatchObject({ state: 'refused' });
    expect(reports[0]!.reason).toMatch(/hf cannot be written: the disk is read-only\. Choose another folder/);
  });
});
