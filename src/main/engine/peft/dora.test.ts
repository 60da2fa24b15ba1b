import { describe, expect, it } from 'vitest';
import type { Graph, Tensor } from '../graph/graph.ts';
import { DropoutSource } from '../graph/ops/dropout.ts';
import { scale } from '../graph/ops/elementwise.ts';
import { openLinear } from '../graph/ops/linear.ts';
import { expectGradients, ints, normals, valuesOf, weightedSum, type Fed } from '../graph/test-support.ts';
import type { Layers } from '../models/layers.ts';
import { atLengths, rowLengths, setRowLengths } from './dora.ts';
import { addProduct } from './lora.ts';

const layer = {
  ...{ path: 'q', rank: 2, scaling: 1.5, inFeatures: 4, outFeatures: 3 },
  ...{ a: 'q.lora_A.weight', b: 'q.lora_B.weight' },
};
const fed = {
  x: normals(1, 5, 4),
  weight: { ...normals(2, 3, 4), frozen: true },
  bias: { ...normals(3, 3), frozen: true },
  a: { ...normals(4, 2, 4), frozen: true },
  b: { ...normals(5, 3, 2), frozen: true },
  seed: ints(42, 1),
};
const changed = Float32Array.from(fed.weight.data);
addProduct(changed, fed.b.data as Float32Array, fed.a.data as Float32Array, layer);
const lengths = (times: number): Fed => ({
  shape: [3],
  data: rowLengths(changed, 3).map((length) => times * length),
});

/** What the layer gives, all of it times `factor`. */
function output(g: Graph, t: Record<string, Tensor>, p: number, factor = 1): Tensor {
  const named: Record<string, Tensor> = {
    'q.weight': t['weight']!,
    'q.bias': t['bias']!,
    'q.lora_A.weight': t['a']!,
    'q.lora_B.weight': t['b']!,
    'q.lora_magnitude_vector': t['m']!,
  };
  const parameters = {
    has: (name: string) => name in named,
    value: (name: string, _: string, by = 1) => scale(g, named[name]!, by),
  };
  const dropoutSource = p > 0 ? new DropoutSource(t['seed']!) : undefined;
  // Of the layers a hook asks for these alone.
  const layers = { graph: g, parameters, dropoutSource } as unknown as Layers;
  const [weight, bias] = [parameters.value('q.weight', '', factor), parameters.value('q.bias', '', factor)];
  const open = (x: Tensor) => openLinear(g, x, weight, bias, false);
  return atLengths(layer, p)(layers, t['x']!, open, factor, factor);
}

const given = async (m: Fed, p: number, factor = 1): Promise<Float32Array> =>
  (await valuesOf({ ...fed, m }, (g, t) => ({ y: output(g, t, p, factor) })))['y'] as Float32Array;

describe('rows at lengths of their own', () => {
  it('are those of the changed weight at m/‖W + s·B·A‖, and the bias is left as it is', async () => {
    const m = normals(6, 3);
    const weight = Float32Array.from(changed);
    setRowLengths(weight, m.data as Float32Array);
    const y = await given(m, 0);
    const twice = await given(m, 0, 2);
    for (let row = 0; row < 5; row++)
      for (let i = 0; i < 3; i++) {
        let sum = fed.bias.data[i]!;
        for (let j = 0; j < 4; j++) sum += weight[i * 4 + j]! * fed.x.data[row * 4 + j]!;
        expect(y[row * 3 + i]).toBeCloseTo(sum, 5);
        expect(twice[row * 3 + i]).toBeCloseTo(2 * sum, 5);
      }
  });

  it('where inputs are dropped, grow along what the kept ones give, from the whole base without them', async () => {
    const [none, one, two] = await Promise.all([0, 1, 2].map((times) => given(lengths(times), 0.5)));
    const whole = await given(lengths(1), 0);
    let moved = 0;
    one!.forEach((value, i) => {
      expect(two![i]! - value).toBeCloseTo(value - none![i]!, 4);
      if (Math.abs(value - whole[i]!) > 1e-3) moved++;
    });
    expect(moved).toBeGreaterThan(0);
    // At the lengths of the base's rows and without a change, what is dropped makes no difference.
    const still = { ...fed, b: { ...fed.b, data: new Float32Array(6) } };
    const m = { shape: [3], data: rowLengths(fed.weight.data as Float32Array, 3) };
    const values = await valuesOf({ ...still, m }, (g, t) => ({
      dropped: output(g, t, 0.5),
      kept: output(g, t, 0),
    }));
    values['dropped']!.forEach((value, i) => expect(value).toBeCloseTo(values['kept']![i]!, 5));
  });

  it.each([0, 0.5])('with p = %s have the gradients of a norm that is a constant', async (p) => {
    await expectGradients({ ...fed, m: normals(6, 3) }, (g, t) => weightedSum(g, [output(g, t, p)]));
  });
});
