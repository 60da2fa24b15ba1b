import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonFile } from '../formats/json.ts';
import { parseModelConfig } from '../formats/model-config.ts';
import { deberta, debertaConfig, positionBuckets } from './deberta.ts';

const file = path.resolve(import.meta.dirname, '../../../../fixtures/architectures/deberta-v2-buckets.json');

it('relative positions fall into the buckets of transformers, on both sides and beyond the last one', async () => {
  const tables = z.record(z.string(), z.array(z.int())).parse(await readJsonFile(file));
  for (const [sizes, expected] of Object.entries(tables)) {
    const [position_buckets, max_relative_positions] = sizes.split(' ').map(Number);
    const config = debertaConfig({ position_buckets, max_relative_positions }, 'config.json');
    const { bucketOf, farthest } = positionBuckets(config);
    const { span } = config;
    expected.forEach((bucket, distance) => {
      expect(bucketOf(distance), `${sizes}: ${distance}`).toBe(Math.min(bucket + span, 2 * span - 1));
      expect(bucketOf(-distance), `${sizes}: -${distance}`).toBe(Math.max(span - bucket, 0));
    });
    expect([bucketOf(farthest), bucketOf(-farthest)]).toEqual([2 * span - 1, 0]);
    expect([bucketOf(1e6), bucketOf(-1e6)]).toEqual([2 * span - 1, 0]);
  }
});

it('the convolution of the largest v2 models, and a pooler of another width, are refused by their keys', () => {
  const open = (fields: object) =>
    deberta.open(
      parseModelConfig({ model_type: 'deberta-v2', ...fields }, 'config.json'),
      { kind: 'sequence', outputs: 2 },
      'config.json',
    );
  expect(() => open({ conv_kernel_size: 3, conv_act: 'gelu' })).toThrow(
    'has conv_kernel_size "3", which is not supported',
  );
  expect(() => open({ pooler_hidden_size: 12 })).toThrow('pooler_hidden_size cannot be used');
});
