import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf, temporaryFolder } from '../formats/test-support.ts';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { openedModel } from '../models/test-support.ts';
import { experiment, logOf, project, run } from '../training/test-support.ts';
import { adaptedValue, planAdapter, readAdapter, writeAdapter } from './adapter.ts';
import { openAdapter, restOf } from './taken-out.ts';
import { fieldsOf, goldenAdapter, loraFields } from './test-support.ts';

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};
const query = 'bert.encoder.layer.0.attention.self.query';

describe('an adapter on what PiSSA or OLoRA left of the base', () => {
  it.each(['pissa', '../methods/bert-olora'])(
    '%s is written as plain LoRA of twice the rank, on the base as it is',
    async (name) => {
      const base = await openedModel();
      const opened = await openAdapter(goldenAdapter(name), base);
      const folder = await temporaryFolder();
      await writeAdapter(folder, base, opened.plan, opened.values);
      expect(await fieldsOf(path.join(folder, 'adapter_config.json'))).toMatchObject({
        init_lora_weights: true,
        r: 8,
        lora_alpha: 16,
      });
      const again = await readAdapter(folder, base);
      expect(again.plan.method.takenOut).toBeUndefined();
      const rest = await restOf(base, (await readAdapter(goldenAdapter(name), base)).plan);
      const onRest = await adaptedValue(
        rest!.base,
        await readAdapter(goldenAdapter(name), base),
        `${query}.weight`,
      );
      expect(largest(await adaptedValue(base, again, `${query}.weight`), onRest)).toBeLessThan(1e-6);
    },
  );

  it('keeps its scaling with patterns and the stable scale, and the lengths of DoRA', async () => {
    const base = await openedModel();
    const fields = {
      ...{ ...loraFields, init_lora_weights: 'olora', use_dora: true, use_rslora: true },
      ...{ rank_pattern: { query: 2 }, alpha_pattern: { value: 3 } },
    };
    const { method, config } = planAdapter(base, fields, 'adapter');
    const whole = planAdapter(base, { ...config, ...method.takenOut!.fields }, 'adapter').method;
    const scalings = (of: typeof whole): number[] =>
      [...of.targets.values()].map((text) => Number(text.replace(/.*scaling /, '')));
    expect(largest(scalings(whole), scalings(method))).toBeLessThan(1e-9);
    expect(whole.added.map(({ shape }) => shape[0])).not.toEqual(method.added.map(({ shape }) => shape[0]));
  });
});

describe('a run that starts from', () => {
  it.each(['pissa', 'olora', 'orthogonal', 'gaussian'])(
    '%s has the first loss of the base, learns, and leaves an adapter for the base as it is',
    async (start) => {
      const folder = await project();
      const plain = { ...experiment.adapter, lora_dropout: 0 };
      const training = { num_train_epochs: 2 };
      await run(folder, { adapter: plain, training, output: 'plain' });
      await run(folder, { adapter: { ...plain, init_lora_weights: start }, training });
      const [given, expected] = [await logOf(folder), await logOf(folder, 'plain')];
      expect(given[0]!.loss).toBeCloseTo(expected[0]!.loss!, 4);
      expect(given.at(-2)!.loss).not.toBeCloseTo(expected.at(-2)!.loss!, 6);
      const out = path.join(folder, 'out');
      const isTaken = start === 'pissa' || start === 'olora';
      expect(await fieldsOf(path.join(out, 'adapter_config.json'))).toMatchObject(
        isTaken ? { r: 8, init_lora_weights: true } : { r: 4, init_lora_weights: start },
      );
    },
  );
});

describe('first values of', () => {
  it('orthogonal are not zero, and their product is', async () => {
    const base = await openedModel();
    const { method } = planAdapter(base, { ...loraFields, init_lora_weights: 'orthogonal' }, 'adapter');
    const [a, b] = await Promise.all(
      [0, 1].map(async (i) => method.initialize(method.added[i]!, new Pcg64(i), base.read)),
    );
    const layer = { rank: 4, scaling: 1, inFeatures: 32, outFeatures: 32 };
    for (const values of [a!, b!]) {
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
      expect(deviation).toBeGreaterThan(0.04);
      expect(deviation).toBeLessThan(0.12);
    }
    for (let i = 0; i < layer.outFeatures; i++)
      for (let j = 0; j < layer.inFeatures; j++) {
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += b![i * 4 + k]! * a![k * 32 + j]!;
        expect(Math.abs(sum)).toBeLessThan(1e-6);
      }
  });

  it.each([
    [
      { init_lora_weights: 'pissa', r: 33 },
      'init_lora_weights "pissa" starts from 33 parts of bert.encoder.layer.0.attention.self.query, which has no more than 32.',
    ],
    [
      { init_lora_weights: 'orthogonal', r: 3 },
      'adapter: init_lora_weights cannot be used: it is "orthogonal", which needs even ranks.',
    ],
    [
      { init_lora_weights: 'olora', lora_alpha: 0 },
      'adapter: init_lora_weights cannot be used: it is "olora", which needs lora_alpha above 0.',
    ],
    [{ init_lora_weights: 'pissa_niter_4' }, 'adapter: init_lora_weights "pissa_niter_4" is not supported.'],
  ])('%j are refused', async (fields, message) => {
    const base = await openedModel();
    const plan = () =>
      Promise.resolve().then(() => planAdapter(base, { ...loraFields, ...fields }, 'adapter'));
    expect((await faultOf(plan)).message).toBe(message);
  });
});
