import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonFile } from '../formats/json.ts';
import { parseModelConfig } from '../formats/model-config.ts';
import { relativeDifference } from '../graph/test-support.ts';
import { eurobert } from './eurobert.ts';
import { Inference } from './inference.ts';
import { openedModel } from './test-support.ts';

const fixture = path.resolve(import.meta.dirname, '../../../../fixtures/architectures/eurobert');
const rows = z.array(z.array(z.number()));

it.each(['late', 'bos', 'mean'] as const)(
  'texts are pooled as transformers does, %s, by either name of the field',
  async (pooling) => {
    const cases = z
      .looseObject({ input_ids: rows })
      .parse(await readJsonFile(path.join(fixture, 'cases.json')));
    const given = cases.input_ids.map((ids) => ({ inputIds: Int32Array.from(ids) }));
    for (const fields of [
      { classifier_pooling: pooling },
      { classifier_pooling: undefined, clf_pooling: pooling },
    ]) {
      const base = await openedModel(fixture, { head: 'sequence', overrides: fields });
      const inference = await Inference.open(base, undefined, { head: 'sequence', precision: 'fp32' });
      const logits = await inference.logits(given);
      inference.close();
      expect(relativeDifference(logits, rows.parse(cases[`logits_${pooling}`]).flat())).toBeLessThan(1e-5);
    }
  },
);

it.each<[object, string]>([
  [{ head_dim: 32 }, 'has head_dim "32", which is not supported'],
  [{ num_key_value_heads: 5 }, 'num_key_value_heads cannot be used: heads of queries do not divide'],
  [{ hidden_size: 36 }, 'hidden_size cannot be used: its heads have an odd number of values'],
  [{ rope_parameters: { rope_type: 'linear', factor: 2 } }, 'has rope_parameters "linear"'],
])('a config with %j is refused by its key', (fields, text) => {
  const config = parseModelConfig({ model_type: 'eurobert', ...fields }, 'config.json');
  expect(() => eurobert.open(config, { kind: 'sequence', outputs: 2 }, 'config.json')).toThrow(text);
});
