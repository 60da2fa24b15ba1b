import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openBaseModel } from '../models/base-model.ts';
import { readAdapter, type Adapter } from '../peft/adapter.ts';
import type { LowRank } from '../peft/method.ts';
import { combinations } from '../peft/weighted-merge.ts';
import { mergeAdaptersJob } from './merge-adapters.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../../fixtures');
const model = path.join(fixtures, 'golden/seed1/models/bert');
const adapterFolder = (name: string): string => path.join(fixtures, 'golden/seed1/adapters', name);
const scratch = mkdtempSync(path.join(os.tmpdir(), 'graft-merge-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Made with PEFT by fixtures/weighted-merge/make_adapters.py. */
const cases = z
  .array(
    z.object({
      combination: z.enum(combinations),
      adapters: z.array(z.string()),
      weights: z.array(z.number()),
      density: z.number(),
      majority_sign: z.enum(['total', 'frequency']),
      rank: z.number(),
      modules: z.array(z.string()),
      deltas: z.record(z.string(), z.array(z.number())),
    }),
  )
  .parse(JSON.parse(readFileSync(path.join(fixtures, 'weighted-merge/adapters.json'), 'utf8')));

const context = { signal: new AbortController().signal, onEvent: () => undefined };
const settings = {
  model,
  combination: 'linear',
  density: 1,
  majoritySign: 'total',
  seed: 42,
};
const part = (name: string, weight: number) => ({ name, folder: adapterFolder(name), weight });

async function read(folder: string): Promise<Adapter> {
  const base = await openBaseModel(model, { head: 'sequence' });
  try {
    return await readAdapter(folder, base);
  } finally {
    await base.close();
  }
}

function layersOf({ plan: { method } }: Adapter): LowRank['layers'] {
  return method.lowRank!.layers;
}

function delta(adapter: Adapter, module: string): number[] {
  const { rank, scaling, inFeatures, outFeatures } = layersOf(adapter).get(module)!;
  const { values } = adapter;
  const [a, b] = [values.get(`${module}.lora_A.weight`)!, values.get(`${module}.lora_B.weight`)!];
  return Array.from({ length: outFeatures * inFeatures }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += b[Math.floor(at / inFeatures) * rank + k]! * a[k * inFeatures + (at % inFeatures)]!;
    return scaling * sum;
  });
}

describe('merged adapters, written and read back', () => {
  it.each(cases)("are PEFT's within 1e-5: $combination of $adapters", async (wanted) => {
    const { combination, adapters, weights, density, majority_sign: majoritySign } = wanted;
    const output = mkdtempSync(path.join(scratch, 'merged-'));
    const parts = adapters.map((name, i) => part(name, weights[i]!));
    const { rank } = await mergeAdaptersJob(
      { ...settings, parts, combination, density, majoritySign, output },
      context,
    );
    expect(rank).toBe(wanted.rank);
    const merged = await read(output);
    expect([...layersOf(merged).keys()].sort()).toEqual(wanted.modules);
    for (const [module, values] of Object.entries(wanted.deltas)) {
      const largest = Math.max(...delta(merged, module).map((value, i) => Math.abs(value - values[i]!)));
      expect(largest, module).toBeLessThan(1e-5);
    }
  });

  it('have the weighted mean of the heads, and the labels of the parts', async () => {
    const output = mkdtempSync(path.join(scratch, 'merged-'));
    const parts = [part('lora-qv', 3), part('rslora', 1)];
    const { labels } = await mergeAdaptersJob({ ...settings, parts, output }, context);
    expect(labels).toEqual(['1 star', '2 stars', '3 stars', '4 stars', '5 stars']);
    const [first, second, merged] = await Promise.all(
      [adapterFolder('lora-qv'), adapterFolder('rslora'), output].map(read),
    );
    const head = ({ values }: Adapter) => values.get('classifier.weight')!;
    const largest = Math.max(
      ...head(merged!).map((value, i) =>
        Math.abs(value - 0.75 * head(first!)[i]! - 0.25 * head(second!)[i]!),
      ),
    );
    expect(largest).toBeLessThan(1e-6);
  });
});

describe('what cannot be merged is refused and says why', () => {
  const merge = (parts: unknown[], change: Record<string, unknown> = {}) =>
    mergeAdaptersJob(
      { ...settings, parts, output: mkdtempSync(path.join(scratch, 'refused-')), ...change },
      context,
    );

  it('other ranks where the sums need equal ones', async () => {
    await expect(merge([part('lora-qv', 1), part('lora-seed', 1)])).rejects.toMatchObject({
      code: 'adapters/merge-ranks',
    });
  });

  it('trained biases', async () => {
    await expect(merge([part('lora-qv', 1), part('lora-bias', 1)])).rejects.toMatchObject({
      code: 'adapters/merge-biases',
      message: expect.stringContaining('lora-bias trained biases too (bias "lora_only")') as string,
    });
  });

  it('weights that add up to zero: the heads have no mean', async () => {
    await expect(merge([part('lora-qv', 1), part('rslora', -1)])).rejects.toMatchObject({
      code: 'adapters/merge-weights',
    });
  });

  it('an adapter of another method than LoRA', async () => {
    const folder = path.join(scratch, 'ia3');
    cpSync(adapterFolder('lora-qv'), folder, { recursive: true });
    writeFileSync(
      path.join(folder, 'adapter_config.json'),
      JSON.stringify({ peft_type: 'IA3', base_model_name_or_path: 'x' }),
    );
    await expect(merge([{ name: 'other', folder, weight: 1 }, part('rslora', 1)])).rejects.toMatchObject({
      code: 'peft/unsupported-type',
    });
  });
});
