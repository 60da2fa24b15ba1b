import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { faultOf, temporaryFolder, textOf } from '../formats/test-support.ts';
import { goldenBert, openedModel } from '../models/test-support.ts';
import { elements, type ParameterSpec } from '../models/parameters.ts';
import { adaptedValue, planAdapter, readAdapter, writeAdapter, type Adapter } from './adapter.ts';
import { addProduct } from './lora.ts';
import { changedAdapter, fieldsOf, goldenAdapter, loraFields } from './test-support.ts';

const names = [
  'lora-qv',
  'lora-seed',
  'lora-all-linear',
  'lora-regex-layers',
  'lora-bias',
  'rslora',
  'rank-pattern',
  'dora',
  '../methods/bert-lora-b-bias',
  '../methods/bert-lora-embedding',
  '../methods/bert-lora-trainable-tokens',
  '../methods/bert-lora-orthogonal',
];
const first = 'base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight';

const refusal = async (folder: string, model = goldenBert()): Promise<string> => {
  const base = await openedModel(model);
  return textOf(await faultOf(() => readAdapter(folder, base)), folder);
};

describe('an adapter that is read and written again', () => {
  it.each(names)('%s has the bits and the configuration that PEFT gave it', async (name) => {
    const base = await openedModel();
    const { plan, values } = await readAdapter(goldenAdapter(name), base);
    const folder = await temporaryFolder();
    await writeAdapter(folder, base, plan, values);
    const [ours, theirs] = await Promise.all(
      [folder, goldenAdapter(name)].map((dir) => readFile(path.join(dir, 'adapter_model.safetensors'))),
    );
    expect(ours!.equals(theirs!)).toBe(true);
    const config = await fieldsOf(path.join(folder, 'adapter_config.json'));
    const expected = await fieldsOf(path.join(goldenAdapter(name), 'adapter_config.json'));
    expect(config).toEqual({ ...expected, base_model_name_or_path: 'bert' });
    expect(Object.keys(config)).toEqual(Object.keys(expected));
    expect((await readdir(folder)).sort()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'config.json',
    ]);
  });

  it.each([
    ['HEAD_ONLY', 165],
    ['FULL', 39_909],
  ])('%s keeps its values', async (type, trainable) => {
    const base = await openedModel();
    const plan = planAdapter(base, { peft_type: type }, 'adapter');
    expect(plan.counts.trainable).toBe(trainable);
    expect(plan.counts.all).toBe(39_909);
    const random = new Pcg64(5);
    const values = new Map(
      plan.trained.map(({ name, shape }) => [
        name,
        Float32Array.from({ length: elements(shape) }, () => random.standardNormal()),
      ]),
    );
    const folder = await temporaryFolder();
    await writeAdapter(folder, base, plan, values);
    const read = await readAdapter(folder, base);
    expect(read.values).toEqual(values);
    expect(read.plan.counts).toEqual(plan.counts);
    for (const { name } of plan.trained)
      expect(await adaptedValue(base, read, name)).toEqual(values.get(name));
  });

  it('with the labels of its head beside it', async () => {
    const base = await openedModel(goldenBert(), { head: 'sequence', labelNames: ['ham', 'spam'] });
    const plan = planAdapter(base, loraFields, 'adapter');
    const folder = await temporaryFolder();
    await writeAdapter(
      folder,
      base,
      plan,
      new Map(plan.trained.map(({ name, shape }) => [name, new Float32Array(elements(shape))])),
    );
    expect(await fieldsOf(path.join(folder, 'config.json'))).toMatchObject({
      id2label: { 0: 'ham', 1: 'spam' },
    });
  });
});

describe('an adapter of PEFT', () => {
  it('before 0.6, whose biases have no base_layer in their names, is read alike', async () => {
    const base = await openedModel();
    const folder = await changedAdapter('lora-bias', (tensors) => {
      for (const [key, tensor] of [...tensors]) {
        tensors.delete(key);
        tensors.set(key.replace('.base_layer.', '.'), tensor);
      }
    });
    const { values } = await readAdapter(folder, base);
    expect(values).toEqual((await readAdapter(goldenAdapter('lora-bias'), base)).values);
  });

  it('with bias "all", which holds the biases of its head three times, is read', async () => {
    const base = await openedModel();
    const plan = planAdapter(base, { ...loraFields, bias: 'all' }, 'adapter');
    const values = new Map(
      plan.trained.map(({ name, shape }, i) => [name, new Float32Array(elements(shape)).fill(i)]),
    );
    const written = await temporaryFolder();
    await writeAdapter(written, base, plan, values);
    expect((await readAdapter(written, base)).values).toEqual(values);

    const folder = await changedAdapter('lora-qv', (tensors) => {
      tensors.clear();
      for (const { name, shape } of plan.trained)
        tensors.set(plan.method.fileKey(name), { shape, data: values.get(name)! });
      const copy = { shape: [5], data: new Float32Array(5) };
      tensors.set('base_model.model.classifier.modules_to_save.bias', copy);
      tensors.set('base_model.model.classifier.original_module.bias', copy);
    });
    await writeFile(
      path.join(folder, 'adapter_config.json'),
      await readFile(path.join(written, 'adapter_config.json')),
    );
    expect((await readAdapter(folder, base)).values).toEqual(values);
  });
});

describe('an adapter that does not fit is refused with the tensor and the remedy', () => {
  it('one that is missing', async () => {
    const folder = await changedAdapter('lora-qv', (tensors) => void tensors.delete(first));
    expect(await refusal(folder)).toBe(
      `adapter_model.safetensors lacks ${first}, which its adapter_config.json asks for. ` +
        'Check that both files belong to the same adapter, and that the base model is the one it was trained on.',
    );
  });

  it('one too many', async () => {
    const extra = first.replace('query', 'key');
    const folder = await changedAdapter('lora-qv', (tensors) => void tensors.set(extra, tensors.get(first)!));
    expect(await refusal(folder)).toBe(
      `adapter_model.safetensors holds ${extra}, for which the base model has no place. ` +
        'Check that the base model is the one that the adapter was trained on (base_model_name_or_path).',
    );
  });

  it('one of another shape', async () => {
    const folder = await changedAdapter('lora-qv', (tensors) => {
      const { shape, data } = tensors.get(first)!;
      tensors.set(first, { shape: shape.toReversed(), data });
    });
    const { shape } = (await planOf('lora-qv')).trained[0]!;
    expect(await refusal(folder)).toBe(
      `adapter_model.safetensors: ${first} has shape [${shape.toReversed().join(', ')}]; ` +
        `this base model needs [${shape.join(', ')}]. ` +
        'Check that the base model is the one that the adapter was trained on (base_model_name_or_path).',
    );
  });

  it.each([NaN, Infinity])('one that holds %s', async (value) => {
    const folder = await changedAdapter('lora-qv', (tensors) => void (tensors.get(first)!.data[5] = value));
    expect(await refusal(folder)).toBe(
      `adapter_model.safetensors: ${first} holds values that are not numbers (NaN or infinite). ` +
        'Go back to an earlier checkpoint; lower the learning rate if it came from training.',
    );
  });

  it('a configuration that is no object', async () => {
    const folder = await changedAdapter('lora-qv', () => undefined);
    await writeFile(path.join(folder, 'adapter_config.json'), '[1, 2]');
    expect(await refusal(folder)).toMatch(/^adapter_config.json/);
  });

  it('one of another method', async () => {
    const folder = await changedAdapter('lora-qv', () => undefined);
    await writeFile(path.join(folder, 'adapter_config.json'), JSON.stringify({ peft_type: 'VERA' }));
    expect(await refusal(folder)).toBe(
      'adapter_config.json has peft_type "VERA". Use one of: LORA, HEAD_ONLY, FULL.',
    );
  });
});

async function planOf(name: string): Promise<Adapter['plan']> {
  return (await readAdapter(goldenAdapter(name), await openedModel())).plan;
}

describe('new LoRA values', () => {
  it.each([
    [true, (deviation: number) => Math.abs(deviation - 1 / Math.sqrt(3 * 32)) < 0.01],
    ['gaussian', (deviation: number) => Math.abs(deviation - 1 / 16) < 0.01],
  ])('with init_lora_weights %s leave the model as it is: A is drawn, B is zero', async (kind, isRight) => {
    const base = await openedModel();
    const { method } = planAdapter(base, { ...loraFields, r: 16, init_lora_weights: kind }, 'adapter');
    const [a, b] = [method.added[0]!, method.added[1]!];
    const first = (spec: ParameterSpec, seed: number) => method.initialize(spec, new Pcg64(seed), base.read);
    const drawn = await first(a, 1);
    expect(await first(a, 1)).toEqual(drawn);
    expect(await first(a, 2)).not.toEqual(drawn);
    expect(isRight(Math.sqrt(drawn.reduce((sum, value) => sum + value ** 2, 0) / drawn.length))).toBe(true);
    expect((await first(b, 1)).every((value) => value === 0)).toBe(true);
  });

  it('with init_lora_weights false change it', async () => {
    const base = await openedModel();
    const { method } = planAdapter(base, { ...loraFields, init_lora_weights: false }, 'adapter');
    const drawn = await method.initialize(method.added[1]!, new Pcg64(1), base.read);
    expect(drawn.some((value) => value !== 0)).toBe(true);
  });
});

it('a merged weight is W + s·B·A', () => {
  const weight = Float32Array.of(1, 2, 3, 4, 5, 6);
  const b = Float32Array.of(1, 0, 2, 1);
  const a = Float32Array.of(1, 0, -1, 0.5, 1, 0);
  addProduct(weight, b, a, { rank: 2, scaling: 2, inFeatures: 3, outFeatures: 2 });
  expect(Array.from(weight)).toEqual([3, 2, 1, 9, 7, 2]);
});
