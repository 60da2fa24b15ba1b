import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonFile } from '../formats/json.ts';
import { parseModelConfig } from '../formats/model-config.ts';
import { relativeDifference } from '../graph/test-support.ts';
import { Inference } from './inference.ts';
import { printTree } from './module-tree.ts';
import { roberta } from './roberta.ts';
import { openedModel } from './test-support.ts';

it('a CamemBERT answers as in transformers, also texts that hold <pad> and one as long as positions go', async () => {
  const folder = path.join(import.meta.dirname, 'fixtures/camembert');
  const matrix = z.array(z.array(z.number()));
  const cases = z
    .object({ input_ids: matrix, logits: matrix })
    .parse(await readJsonFile(path.join(folder, 'cases.json')));
  const base = await openedModel(folder);
  expect(base.newlyInitialized).toEqual([]);
  expect(base.config.max_tokens).toBe(Math.max(...cases.input_ids.map(({ length }) => length)));
  const inference = await Inference.open(base, undefined, { head: 'sequence', precision: 'fp32' });
  const logits = await inference.logits(cases.input_ids.map((ids) => ({ inputIds: Int32Array.from(ids) })));
  inference.close();
  expect(relativeDifference(logits, Float32Array.from(cases.logits.flat()))).toBeLessThan(1e-5);
});

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
