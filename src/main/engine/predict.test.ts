import { copyFile, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { faultOf, golden, temporaryFolder, textOf } from './formats/test-support.ts';
import { normalizeRows } from './models/sentence-folder.ts';
import { changedModel, goldenBert, goldenTexts, padded, randomText } from './models/test-support.ts';
import { openPredictor, type Predictor, type PredictorOptions } from './predict.ts';

const adapter = path.join(golden, 'seed1/adapters/lora-qv');

async function predictor(options: Partial<PredictorOptions> = {}): Promise<Predictor> {
  const defaults = { model: goldenBert(), precision: 'fp32', head: 'sequence' } as const;
  const opened = await openPredictor({ ...defaults, ...options });
  onTestFinished(() => opened.close());
  return opened;
}

const withoutHead = (): Promise<string> =>
  changedModel({}, (tensors) => {
    tensors.delete('classifier.weight');
    tensors.delete('classifier.bias');
  });

function largestDifference(a: Float32Array, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe('a predictor', () => {
  it('answers in the order asked for, whatever the lengths and the batch size', async () => {
    const { texts, logits } = await goldenTexts();
    const turned = [...texts].reverse();
    const expected = [...logits].reverse().flat();
    for (const batchSize of [1, 4, 64]) {
      const done: number[] = [];
      const one = await predictor({ batchSize });
      const found = await one.logits(turned, (count) => void done.push(count));
      expect(largestDifference(found, expected)).toBeLessThan(1e-4);
      expect(done.at(-1)).toBe(texts.length);
      expect(done).toEqual([...done].sort((a, b) => a - b));
    }
  });

  it('gives nothing for no texts', async () => {
    const one = await predictor();
    expect(await one.logits([])).toEqual(new Float32Array(0));
  });

  it('gives the same for texts that come padded', async () => {
    const one = await predictor({ model: goldenBert('seed2') });
    const texts = [1, 9, 30, 4].map((length) => randomText(length, 3));
    const plain = await one.logits(texts);
    expect(largestDifference(await one.logits(texts.map((text) => padded(text, 66))), plain)).toBeLessThan(
      1e-5,
    );
  });

  it('says what its model is: labels, hidden size, the length that texts are cut to', async () => {
    const one = await predictor();
    expect(one.labelNames).toEqual(['1 star', '2 stars', '3 stars', '4 stars', '5 stars']);
    expect(one.hiddenSize).toBe(32);
    expect(one.maxLength).toBeLessThanOrEqual(66);
    expect((await predictor({ maxLength: 12 })).maxLength).toBe(12);
    expect((await predictor({ maxLength: 10_000 })).maxLength).toBe(one.maxLength);
  });

  it('stays close in bf16, and answers alike', async () => {
    const { texts, logits } = await goldenTexts();
    const one = await predictor({ precision: 'bf16' });
    expect(largestDifference(await one.logits(texts), logits.flat())).toBeLessThan(0.1);
  });

  it('embeds a text of one token, where the mean is that token', async () => {
    const one = await predictor({ head: 'none' });
    const text = [randomText(1, 1)];
    expect(largestDifference(await one.embed(text, 'mean'), await one.embed(text, 'cls'))).toBeLessThan(1e-5);
  });
});

describe('a predictor refuses, with the row and the remedy,', () => {
  const origin = { file: 'a.jsonl', row: 1300, line: 1301, tokenised: true };

  it('token ids outside the vocabulary', async () => {
    const one = await predictor();
    const texts = [{ inputIds: Int32Array.of(1, 2) }, { inputIds: Int32Array.of(3, 605), origin }];
    expect(textOf(await faultOf(async () => one.logits(texts)), goldenBert())).toBe(
      'Row 1,300 (line 1,301) of a.jsonl: input_ids holds 605; the model knows the tokens 0 to 604. ' +
        'Tokenise the texts with the tokenizer of this model, or give them as texts.',
    );
    // Ids that no file gave are the tokenizer's.
    const own = await faultOf(async () => one.logits([{ inputIds: Int32Array.of(605) }]));
    expect(textOf(own, goldenBert())).toContain(
      'The tokenizer in FOLDER gives the token id 605, but the checkpoint has embeddings for 0 to 604.',
    );
  });

  it('rows without a token and rows longer than the positions', async () => {
    const one = await predictor();
    expect(
      textOf(await faultOf(async () => one.logits([{ inputIds: new Int32Array(0), origin }])), goldenBert()),
    ).toBe('Row 1,300 (line 1,301) of a.jsonl has 0 tokens; the model takes 1 to 66. Leave empty texts out.');
    expect((await faultOf(async () => one.logits([randomText(67, 1)]))).message).toBe(
      'A text has 67 tokens; the model takes 1 to 66.',
    );
  });

  it('token types that the model has no embedding for', async () => {
    const one = await predictor();
    const text = { inputIds: Int32Array.of(1, 2), tokenTypeIds: Int32Array.of(0, 2), origin };
    const found = await faultOf(async () => one.logits([text]));
    expect(found.message).toBe(
      'Row 1,300 (line 1,301) of a.jsonl: token_type_ids holds 2; the model knows the types 0 to 1.',
    );
  });

  it('a model without a head, unless an adapter brings one', async () => {
    const model = await withoutHead();
    expect(textOf(await faultOf(() => predictor({ model })), model)).toBe(
      'FOLDER has no classification head: classifier.weight, classifier.bias missing. ' +
        'Give an adapter that was trained with its head (--adapter), or train one with graft train.',
    );
    const { texts } = await goldenTexts();
    const [bare, whole] = [await predictor({ model, adapter }), await predictor({ adapter })];
    expect(await bare.logits(texts)).toEqual(await whole.logits(texts));
    expect((await predictor({ model, head: 'none' })).hiddenSize).toBe(32);
  });

  it('an adapter whose configuration is missing', async () => {
    const folder = await temporaryFolder();
    await copyFile(
      path.join(adapter, 'adapter_model.safetensors'),
      path.join(folder, 'adapter_model.safetensors'),
    );
    expect((await faultOf(() => predictor({ adapter: folder }))).message).toContain('adapter_config.json');
    await rm(path.join(folder, 'adapter_model.safetensors'));
    expect((await faultOf(() => predictor({ adapter: folder }))).code).toMatch(/^(files|formats)\//);
  });
});

const vectorsSchema = z.array(z.array(z.number()));

it('an adapter of a classifier gives the vectors of its encoder as PEFT does, without its head', async () => {
  const file = new URL('./models/fixtures/adapted-vectors.json', import.meta.url);
  const wanted = z
    .object({
      texts: z.array(z.string()),
      ...{ mean: vectorsSchema, cls: vectorsSchema, normalized: vectorsSchema },
    })
    .parse(JSON.parse(await readFile(file, 'utf8')));
  const adapted = await predictor({ adapter, head: 'none' });
  const texts = await adapted.tokenizer.encode(
    wanted.texts.map((text) => ({ text })),
    { maxLength: 64 },
  );
  const [mean, cls] = [await adapted.embed(texts, 'mean'), await adapted.embed(texts, 'cls')];
  const differs = (found: Float32Array, right: number[][]): number =>
    Math.max(...right.flat().map((value, i) => Math.abs(value - found[i]!)));
  expect(differs(mean, wanted.mean)).toBeLessThan(1e-4);
  expect(differs(cls, wanted.cls)).toBeLessThan(1e-4);
  expect(differs(normalizeRows(mean, adapted.hiddenSize), wanted.normalized)).toBeLessThan(1e-4);
});
