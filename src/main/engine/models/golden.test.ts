import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAdaptedModel } from '../predict.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { adaptation, adaptedValue } from '../peft/adapter.ts';
import { openBaseModel } from './base-model.ts';
import { Inference } from './inference.ts';
import type { EncodedText } from './batch.ts';

const golden = path.resolve(import.meta.dirname, '../../../../fixtures/golden');
const adapters = [
  'lora-qv',
  'lora-seed',
  'lora-all-linear',
  'lora-regex-layers',
  'lora-bias',
  'rslora',
  'rank-pattern',
];

interface ModelCase {
  input_ids: number[][];
  attention_mask: number[][];
  token_type_ids: number[][];
  logits: number[][];
  cls: number[][];
  mean_pooled: number[][];
  num_parameters: number;
}
interface AdapterCase {
  logits: number[][];
  merged_logits: number[][];
  trainable: number;
  all: number;
  targets: string[];
}

const read = (file: string): unknown => JSON.parse(readFileSync(path.join(golden, file), 'utf8'));

/** The golden inputs without their padding, or as they stand. */
function texts({ input_ids, attention_mask, token_type_ids }: ModelCase, padded = false): EncodedText[] {
  return input_ids.map((ids, i) => {
    const length = padded ? ids.length : attention_mask[i]!.reduce((a, b) => a + b, 0);
    return {
      inputIds: Int32Array.from(ids.slice(0, length)),
      tokenTypeIds: Int32Array.from(token_type_ids[i]!.slice(0, length)),
      attentionMask: Int32Array.from(attention_mask[i]!.slice(0, length)),
    };
  });
}

function largestDifference(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return b.reduce((most, value, i) => Math.max(most, Math.abs(value - a[i]!)), 0);
}

describe.each(['seed1', 'seed2'])('golden %s', (seed) => {
  const model = path.join(golden, seed, 'models/bert');
  const bert = read(`${seed}/models/bert.json`) as ModelCase;

  it('bert gives the logits of transformers, padded or not', async () => {
    const { base } = await openAdaptedModel(model, undefined, 'sequence');
    expect(base.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(
      bert.num_parameters,
    );
    const inference = await Inference.open(base, undefined, { head: 'sequence', precision: 'fp32' });
    expect(largestDifference(await inference.logits(texts(bert)), bert.logits.flat())).toBeLessThan(1e-4);
    expect(largestDifference(await inference.logits(texts(bert, true)), bert.logits.flat())).toBeLessThan(
      1e-4,
    );
    inference.close();
    await base.close();
  });

  it('bert as an encoder gives the same [CLS] and mean vectors', async () => {
    const base = await openBaseModel(model, { head: 'none' });
    expect(base.newlyInitialized).toEqual([]);
    const inference = await Inference.open(base, undefined, { head: 'none', precision: 'fp32' });
    expect(largestDifference(await inference.embeddings(texts(bert), 'cls'), bert.cls.flat())).toBeLessThan(
      1e-4,
    );
    expect(
      largestDifference(await inference.embeddings(texts(bert), 'mean'), bert.mean_pooled.flat()),
    ).toBeLessThan(1e-4);
    expect(
      largestDifference(await inference.embeddings(texts(bert, true), 'mean'), bert.mean_pooled.flat()),
    ).toBeLessThan(1e-4);
    inference.close();
    await base.close();
  });

  it.each([...adapters, 'lora-qv-bin'])(
    '%s agrees with PEFT in logits, counts, modules and merged weights',
    async (name) => {
      const stem = name.replace('-bin', '');
      const expected = read(`${seed}/adapters/${stem}.json`) as AdapterCase;
      const { base, adapter } = await openAdaptedModel(
        model,
        path.join(golden, seed, 'adapters', name),
        'sequence',
      );
      for (const folded of [true, false]) {
        const options = { head: 'sequence', precision: 'fp32' } as const;
        const inference = await Inference.open(base, adaptation(base, adapter, folded), options);
        expect(largestDifference(await inference.logits(texts(bert)), expected.logits.flat())).toBeLessThan(
          1e-4,
        );
        inference.close();
      }
      expect(adapter!.plan.counts).toMatchObject({ trainable: expected.trainable, all: expected.all });
      const wrapped = adapter!.plan.method.added.filter((spec) => spec.name.endsWith('lora_A.weight'));
      const paths = wrapped.map((spec) => `base_model.model.${spec.name.replace('.lora_A.weight', '')}`);
      expect(paths.sort()).toEqual([...expected.targets].sort());

      const merged = await openSafetensors(
        path.join(golden, seed, 'adapters', `${stem}-merged/model.safetensors`),
      );
      for (const parameter of base.parameters) {
        const ours = await adaptedValue(base, adapter, parameter.name);
        expect(largestDifference(ours, Array.from(await merged.readFloat32(parameter.name)))).toBeLessThan(
          1e-6,
        );
      }
      await merged.close();
      await base.close();
    },
  );
});
