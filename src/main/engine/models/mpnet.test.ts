import { expect, it } from 'vitest';
import { parseModelConfig } from '../formats/model-config.ts';
import { bucketOf, mpnet } from './mpnet.ts';

it('distances fall into the buckets of torch, whose edges are these', () => {
  const edges = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
  for (let distance = 0; distance <= 600; distance++) {
    const bucket = edges.findLastIndex((edge) => edge <= distance);
    expect(bucketOf(distance), String(distance)).toBe(bucket);
    if (distance > 0) expect(bucketOf(-distance), String(-distance)).toBe(16 + bucket);
  }
});

it('positions begin behind the padding token, and all 32 buckets have to be there', () => {
  const open = (fields: object) =>
    mpnet.open(
      parseModelConfig({ model_type: 'mpnet', ...fields }, 'config.json'),
      { kind: 'none', outputs: 0 },
      'config.json',
    );
  expect(open({ max_position_embeddings: 514, pad_token_id: 5 }).config.max_tokens).toBe(512);
  expect(() => open({ max_position_embeddings: 2 })).toThrow('it is 2, and 3 or more is needed');
  expect(() => open({ relative_attention_num_buckets: 16 })).toThrow('it is 16, and 32 or more is needed');
});
