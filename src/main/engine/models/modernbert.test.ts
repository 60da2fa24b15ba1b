import path from 'node:path';
import { expect, it } from 'vitest';
import { golden } from '../formats/test-support.ts';
import { parseModelConfig } from '../formats/model-config.ts';
import { modernbert } from './modernbert.ts';
import { changedModel, openedModel } from './test-support.ts';

const fixture = path.join(golden, 'seed1/models/modernbert');
const opened = (fields: object) =>
  modernbert.open(
    parseModelConfig({ model_type: 'modernbert', ...fields }, 'config.json'),
    { kind: 'sequence', outputs: 2 },
    'config.json',
  );

it('a file of the bare encoder, whose names lack "model.", is read, and its head drawn anew as transformers draws it', async () => {
  const folder = await changedModel(
    { initializer_range: 0.02 },
    (tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        if (name.startsWith('model.')) tensors.set(name.slice('model.'.length), tensor);
      }
    },
    fixture,
  );
  const base = await openedModel(folder, { head: 'sequence', seed: 3 });
  const drawn = ['head.dense.weight', 'head.norm.weight', 'classifier.weight', 'classifier.bias'];
  expect(base.newlyInitialized).toEqual(drawn);
  const largest = async (name: string): Promise<number> =>
    (await base.read(name)).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const { hidden_size: size, num_hidden_layers: layers } = base.config;
  // Cut off at two deviations; of so many values some come near.
  const deviations = {
    'head.dense.weight': 0.02 / Math.sqrt(2 * layers),
    'classifier.weight': 1 / Math.sqrt(size),
  };
  for (const [name, deviation] of Object.entries(deviations)) {
    expect(await largest(name), name).toBeLessThanOrEqual(2 * deviation);
    expect(await largest(name), name).toBeGreaterThan(1.5 * deviation);
  }
  expect([await largest('head.norm.weight'), await largest('classifier.bias')]).toEqual([1, 0]);
});

it('fields of files before transformers 5 count where those of version 5 are absent', () => {
  const kinds = (fields: object): unknown => {
    const config = opened({ num_hidden_layers: 4, ...fields }).config;
    return 'layer_types' in config && 'thetas' in config ? [config.layer_types, config.thetas] : undefined;
  };
  const [full, sliding] = ['full_attention', 'sliding_attention'];
  expect(kinds({})).toEqual([
    [full, sliding, sliding, full],
    { full_attention: 160_000, sliding_attention: 10_000 },
  ]);
  expect(
    kinds({ global_attn_every_n_layers: 2, global_rope_theta: 80_000, local_rope_theta: 80_000 }),
  ).toEqual([[full, sliding, full, sliding], { full_attention: 80_000, sliding_attention: 80_000 }]);
  expect(
    kinds({ local_rope_theta: 5, rope_parameters: { sliding_attention: { rope_theta: 7 } } }),
  ).toMatchObject([expect.anything(), { full_attention: 160_000, sliding_attention: 7 }]);
});

it.each<[object, string]>([
  [{ layer_types: ['full_attention'] }, 'layer_types cannot be used: it has to name the kind of each layer'],
  [{ local_attention: 0 }, 'local_attention cannot be used: it is 0, and more than 0 is needed'],
  [{ classifier_pooling: 'max' }, 'classifier_pooling cannot be used'],
  [{ hidden_size: 36 }, 'hidden_size cannot be used: its heads have an odd number of values'],
  [{ rope_parameters: { full_attention: { rope_type: 'yarn' } } }, 'has rope_parameters "yarn"'],
])('a config with %j is refused by its key', (fields, text) => {
  expect(() => opened(fields)).toThrow(text);
});
