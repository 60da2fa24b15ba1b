import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openSafetensors } from '../formats/safetensors.ts';
import { openPredictor } from '../predict.ts';
import { exported, goldenModel } from './test-support.ts';

async function json(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}

it.each(['mean', 'cls'] as const)(
  'an embedding model with %s pooling has the layout of sentence-transformers and the merged vectors',
  async (pooling) => {
    const { output, reports } = await exported(['embedding', 'hf'], { pooling });
    const { outcome, fixed } = reports[0]!.verification!;
    expect(outcome).toMatchObject({ passed: true, same_answers: outcome.rows, accuracy: null });
    expect(outcome.smallest_cosine).toBeGreaterThan(0.999999);

    const folder = path.join(output, 'embedding');
    expect(await json(path.join(folder, '1_Pooling/config.json'))).toMatchObject({
      pooling_mode_mean_tokens: pooling === 'mean',
      pooling_mode_cls_token: pooling === 'cls',
    });
    expect(await json(path.join(folder, 'modules.json'))).toMatchObject([
      { path: '' },
      { path: '1_Pooling' },
    ]);
    const config = await json(path.join(folder, 'config.json'));
    expect(config).toMatchObject({ architectures: ['BertModel'] });
    expect(config).not.toHaveProperty('id2label');
    const file = await openSafetensors(path.join(folder, 'model.safetensors'));
    const names = [...file.tensors.keys()];
    await file.close();
    expect(names).toContain('embeddings.word_embeddings.weight');
    expect(names.filter((name) => /^(bert|classifier)\./.test(name))).toEqual([]);

    // The encoder of the merged classifier, which is written from the same weights, says the same of a text.
    const predictor = await openPredictor({ model: folder, precision: 'fp32', head: 'encoder' });
    const encoded = await predictor.tokenizer.encode([{ text: fixed[1]!.text }], { maxLength: 64 });
    const vector = await predictor.embed(encoded, pooling);
    predictor.close();
    vector.forEach((value, i) => expect(Math.abs(value - fixed[1]!.values[i]!)).toBeLessThan(1e-4));
  },
);

it('of a model without adapter, vectors of the base are what it gives', async () => {
  const { reports } = await exported(['embedding'], { model: goldenModel, adapter: undefined });
  expect(reports[0]).toMatchObject({ state: 'passed', reason: null });
});
