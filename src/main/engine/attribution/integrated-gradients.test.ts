import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { architectures } from '../models/architectures.ts';
import { goldenBert, tinyModel } from '../models/test-support.ts';
import { golden } from '../formats/test-support.ts';
import { openPredictor } from '../predict.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { gaussLegendre, IntegratedGradients } from './integrated-gradients.ts';

const storedSchema = z.object({
  cases: z.array(
    z.object({
      text: z.string(),
      textPair: z.string().nullable(),
      label: z.number(),
      input_ids: z.array(z.number()),
      values: z.array(z.number()),
      difference: z.number(),
    }),
  ),
});

async function opened(adapter?: string, model = goldenBert()): Promise<IntegratedGradients> {
  const gradients = await IntegratedGradients.open(model, adapter, await loadTokenizer(model));
  onTestFinished(() => gradients.close());
  return gradients;
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

describe('Gauss-Legendre quadrature', () => {
  it('is exact for polynomials of degree 2n - 1', () => {
    for (const count of [1, 4, 32]) {
      const points = gaussLegendre(count);
      expect(sum(points.map(({ weight }) => weight))).toBeCloseTo(1, 12);
      const degree = 2 * count - 1;
      const integral = sum(points.map(({ at, weight }) => weight * at ** degree));
      expect(integral).toBeCloseTo(1 / (degree + 1), 12);
    }
  });
});

describe('integrated gradients', () => {
  it('agree with those that PyTorch gives of the same model, for texts and pairs', async () => {
    const file = path.join(import.meta.dirname, 'fixtures/integrated-gradients.json');
    const { cases } = storedSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    const gradients = await opened();
    const tokenizer = await loadTokenizer(goldenBert());
    for (const { text, textPair, label, input_ids, values, difference } of cases) {
      const input = textPair === null ? { text } : { text, textPair };
      const [encoded] = await tokenizer.encode([input], { maxLength: 64 });
      expect([...encoded!.inputIds]).toEqual(input_ids);
      const places = await tokenizer.places(input, 64);
      const found = await gradients.attribute(
        encoded!,
        label,
        places.map((place) => place.text !== null),
      );
      expect(found.difference).toBeCloseTo(difference, 4);
      found.values.forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 3));
    }
  });

  it('add up to the difference of the logit to an empty text, with an adapter folded in too', async () => {
    const adapter = path.join(golden, 'seed1/adapters/lora-qv');
    const gradients = await opened(adapter);
    const predictor = await openPredictor({
      model: goldenBert(),
      adapter,
      precision: 'fp32',
      head: 'sequence',
    });
    onTestFinished(() => predictor.close());
    const ids = Int32Array.from([537, 534, 233, 551, 553, 48, 124]);
    const text = { inputIds: ids };
    const padding = { inputIds: ids.map((id, i) => (i === 0 ? id : 0)) };
    const logits = await predictor.logits([text, padding]);
    const width = predictor.labelNames.length;
    for (let label = 0; label < width; label++) {
      const { values, difference, empty } = await gradients.attribute(
        text,
        label,
        [...ids].map((_, i) => i > 0),
      );
      expect(empty).toBe(0);
      expect(difference).toBeCloseTo(logits[label]! - logits[width + label]!, 4);
      expect(Math.abs(sum(values) - difference)).toBeLessThanOrEqual(
        0.01 * Math.max(1, Math.abs(difference)),
      );
      // What is the same in both texts says nothing.
      expect(values[0]).toBe(0);
    }
  });

  it.each(architectures.flatMap(({ modelTypes }) => modelTypes))('of %s add up to it too', async (type) => {
    const gradients = await opened(undefined, await tinyModel(type));
    const inputIds = Int32Array.from([537, 534, 233, 551, 553, 48, 124]);
    const isWord = Array.from(inputIds, (_, i) => i > 0);
    const { values, difference } = await gradients.attribute({ inputIds }, 1, isWord);
    expect(Math.abs(difference)).toBeGreaterThan(0.01);
    expect(Math.abs(sum(values) - difference)).toBeLessThanOrEqual(0.01 * Math.max(1, Math.abs(difference)));
  });

  it('start at the mask where padding is nothing but noughts, at which LayerNorm jumps', async () => {
    const model = path.join(golden, 'seed1/models/deberta-v2');
    const { maskId, tokenTexts } = await loadTokenizer(model);
    const gradients = await opened(undefined, model);
    const inputIds = Int32Array.from([2, 537, 534, 3]);
    const { empty } = await gradients.attribute({ inputIds }, 0, [false, true, true, false]);
    expect(empty).toBe(maskId);
    expect(await tokenTexts([empty])).toEqual(['[MASK]']);
  });

  it('of a long text are the same in parts as in one piece', async () => {
    const gradients = await opened();
    const inputIds = Int32Array.from({ length: 60 }, (_, i) => 5 + ((i * 37) % 500));
    const { values, difference } = await gradients.attribute(
      { inputIds },
      2,
      Array.from(inputIds, () => true),
    );
    expect(values).toHaveLength(60);
    expect(Math.abs(sum(values) - difference)).toBeLessThanOrEqual(0.01 * Math.max(1, Math.abs(difference)));
  });

  it('are given up where nobody wants them any more', async () => {
    const gradients = await opened();
    const inputIds = Int32Array.from({ length: 60 }, (_, i) => 5 + i);
    const abort = new AbortController();
    const asked = gradients.attribute(
      { inputIds },
      0,
      Array.from(inputIds, () => true),
      abort.signal,
    );
    abort.abort(new Error('typed on'));
    await expect(asked).rejects.toThrow('typed on');
  });
});
