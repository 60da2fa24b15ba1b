import { expect, it } from 'vitest';
import { parseModelConfig } from '../formats/model-config.ts';
import { printTree } from './module-tree.ts';
import { roberta } from './roberta.ts';

it('a table that the positions do not fit into is refused', () => {
  const open = (fields: object) =>
    roberta.open(
      parseModelConfig({ model_type: 'roberta', ...fields }, 'config.json'),
      { kind: 'none', outputs: 0 },
      'config.json',
    );
  expect(open({ max_position_embeddings: 514 }).config.max_tokens).toBe(512);
  expect(printTree(open({}).tree)).toContain('(position_embeddings): Embedding(512, 768, padding_idx=1)');
  expect(() => open({ max_position_embeddings: 2 })).toThrow(
    'max_position_embeddings cannot be used: no position is left: they are counted from pad_token_id + 1',
  );
});
