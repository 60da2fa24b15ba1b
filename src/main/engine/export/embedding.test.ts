import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openSafetensors } from '../formats/safetensors.ts';
import { temporaryFolder } from '../formats/test-support.ts';
import { readSentenceFolder, writeSentenceFolder } from '../models/sentence-folder.ts';
import { changedModel, tinyModel } from '../models/test-support.ts';
import { openPredictor } from '../predict.ts';
import { mergeAdapter } from './merge.ts';
import { exported, goldenAdapter, quiet, written } from './test-support.ts';

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
    const predictor = await openPredictor({ model: folder, precision: 'fp32', head: 'none' });
    const encoded = await predictor.tokenizer.encode([{ text: fixed[1]!.text }], { maxLength: 64 });
    const vector = await predictor.embed(encoded, pooling);
    predictor.close();
    vector.forEach((value, i) => expect(Math.abs(value - fixed[1]!.values[i]!)).toBeLessThan(1e-4));
  },
);

it('a pooler for which the classifier has no place is kept from the file of the encoder', async () => {
  const name = 'pooler.dense.weight';
  const data = Float32Array.from({ length: 32 * 32 }, (_, i) => i);
  const model = await changedModel(
    {},
    (tensors) => tensors.set(`roberta.${name}`, { shape: [32, 32], data }),
    await tinyModel('roberta'),
  );
  const folder = await temporaryFolder();
  await written('embedding', folder, { model });
  const file = await openSafetensors(path.join(folder, 'model.safetensors'));
  expect(await file.readFloat32(name)).toEqual(data);
  expect([...file.tensors.keys()].filter((key) => /^classifier|^roberta|pooler/.test(key))).toEqual([name]);
  await file.close();
});

it('of a model without adapter, vectors of the base are what it gives, however its config calls their size', async () => {
  const model = await tinyModel('distilbert');
  const { reports } = await exported(['embedding'], { model, adapter: undefined });
  expect(reports[0]).toMatchObject({ state: 'passed', reason: null });
});

it('of a sentence-transformers folder keeps pooling, Normalize, max_seq_length and prompts, and so do merged weights', async () => {
  const model = await changedModel({});
  const said = {
    ...{ pooling: 'cls' as const, normalize: true, maxLength: 12, prompts: { query: 'q: ' } },
    ...{ defaultPrompt: null, similarity: 'dot' },
  };
  await writeSentenceFolder(model, said, 32);
  const { output, reports } = await exported(['embedding', 'hf'], { model });
  for (const { reason } of reports) expect(reason).toBeNull();
  const { fixed, max_length: length, consumers } = reports[0]!.verification!;
  expect(length).toBe(12);
  expect(consumers.map(({ consumer }) => consumer)).toEqual(['transformers', 'sentence-transformers']);
  for (const { values } of fixed) expect(Math.hypot(...values)).toBeCloseTo(1, 5);
  for (const target of ['embedding', 'hf'])
    expect(await readSentenceFolder(path.join(output, target))).toEqual(said);
  const merged = path.join(output, 'merged');
  await mergeAdapter({ model, adapter: goldenAdapter, output: merged, overwrite: false }, quiet);
  expect(await readSentenceFolder(merged)).toEqual(said);
});

it('of a folder with a layer that Graft does not compute is refused by its name; the classifier is made', async () => {
  const model = await changedModel({});
  const modules = [
    { path: '', type: 'Transformer' },
    { path: '1_Dense', type: 'sentence_transformers.models.Dense' },
  ];
  await writeFile(path.join(model, 'modules.json'), JSON.stringify(modules));
  const { reports } = await exported(['embedding', 'peft'], { model });
  expect(reports.map(({ state }) => state)).toEqual(['refused', 'passed']);
  expect(reports[0]!.reason).toContain('modules.json: type is sentence_transformers.models.Dense');
});
