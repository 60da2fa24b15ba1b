import path from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import { expect, it } from 'vitest';
import { argmax } from '../../../shared/statistics/probabilities.ts';
import { temporaryFolder } from '../formats/test-support.ts';
import { readModelConfig } from '../formats/model-config.ts';
import { architectureOf, architectures } from '../models/architectures.ts';
import { changedModel, tinyModel, type ModelTensor } from '../models/test-support.ts';
import { openPredictor } from '../predict.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { FIXED_TEXTS } from './fixed-texts.ts';
import { goldenAdapter, written } from './test-support.ts';

env.allowRemoteModels = false;

it.each([
  ['onnx', 'fp32', 1e-4, 'bert', goldenAdapter],
  ['onnx-fp16', 'fp16', 1e-2, 'bert', goldenAdapter],
  ['onnx-int8', 'q8', 0.1, 'bert', goldenAdapter],
  ...architectures
    .filter(({ unknownTo = [] }) => !unknownTo.includes('transformers.js'))
    .flatMap(({ modelTypes }) => modelTypes)
    .map((type) => ['onnx', 'fp32', 1e-4, type, undefined] as const),
] as const)(
  '%s is a folder that transformers.js answers from in %s, within %d and with the same labels: %s',
  async (target, dtype, room, type, adapter) => {
    const model = await modelOfWords(type);
    const folder = await temporaryFolder();
    await written(target, path.join(folder, type), { model, ...(adapter ? { adapter } : {}) });
    const predictor = await openPredictor({ model, adapter, precision: 'fp32', head: 'sequence' });
    const { tokenizer, maxLength, labelNames: labels } = predictor;
    const texts = FIXED_TEXTS.map((text) => ({ text }));
    const logits = await predictor.logits(await tokenizer.encode(texts, { maxLength }));
    predictor.close();

    env.localModelPath = folder;
    const classify = await pipeline('text-classification', type, { dtype });
    for (const [at, text] of FIXED_TEXTS.entries()) {
      const values = logits.subarray(at * labels.length, (at + 1) * labels.length);
      const answers = await classify(text, { top_k: labels.length });
      const scores = new Map(answers.flat().map(({ label, score }) => [label, score]));
      const sum = values.reduce((all, logit) => all + Math.exp(logit), 0);
      for (const [i, label] of labels.entries())
        expect(Math.abs(scores.get(label)! - Math.exp(values[i]!) / sum)).toBeLessThan(room);
      const best = labels[argmax(values, labels.length)[0]!];
      if (dtype === 'fp32') expect(answers.flat()[0]!.label).toBe(best);
    }
    await classify.dispose();
  },
);

/** A small model of a type with a row for each token of its tokenizer: some fixtures have fewer. */
async function modelOfWords(type: string): Promise<string> {
  const model = await tinyModel(type);
  const config = await readModelConfig(model);
  const { words } = architectureOf(config, model).names;
  const rows = (await loadTokenizer(model)).vocabSize;
  if (Number(config.raw['vocab_size']) >= rows) return model;
  const lengthen = (tensors: Map<string, ModelTensor>): void => {
    const table = [...tensors].find(([name]) => name.endsWith(`${words}.weight`))![1];
    const [, width] = table.shape as [number, number];
    const { data } = table;
    table.data = Float32Array.from({ length: rows * width }, (_, i) => data[i % data.length]!);
    table.shape = [rows, width];
  };
  return changedModel({ vocab_size: rows }, lengthen, model);
}
