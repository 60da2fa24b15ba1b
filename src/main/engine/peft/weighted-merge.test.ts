import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import {
  combine,
  combinedRank,
  combineLayer,
  combinations,
  openSvd,
  type CombinedLayer,
} from './weighted-merge.ts';

const numbers = z.array(z.number());
/** Made with PEFT by fixtures/weighted-merge/make.py. */
const cases = z
  .object({
    in_features: z.number(),
    out_features: z.number(),
    weights: numbers,
    layers: z.array(z.object({ a: numbers, b: numbers, rank: z.number(), scaling: z.number() })),
    results: z.array(
      z.object({
        combination: z.enum(combinations),
        density: z.number(),
        majority_sign: z.enum(['total', 'frequency']),
        rank: z.number(),
        delta: numbers,
      }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(new URL('../../../../fixtures/weighted-merge/cases.json', import.meta.url), 'utf8'),
    ),
  );

const { in_features: inFeatures, out_features: outFeatures } = cases;
const layers = cases.layers.map(({ a, b, rank, scaling }, i) => ({
  a: Float32Array.from(a),
  b: Float32Array.from(b),
  rank,
  scaling,
  weight: cases.weights[i]!,
}));
const { svd, close } = await openSvd();
afterAll(close);

function delta({ a, b, rank }: CombinedLayer): number[] {
  return Array.from({ length: outFeatures * inFeatures }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++) {
      sum += b[Math.floor(at / inFeatures) * rank + k]! * a[k * inFeatures + (at % inFeatures)]!;
    }
    return sum;
  });
}

describe("weighted merges are PEFT's within 1e-5", () => {
  it.each(cases.results)('$combination at density $density, sign by $majority_sign', (wanted) => {
    const { combination, density, majority_sign: majoritySign } = wanted;
    const rank = combinedRank(
      combination,
      layers.map((layer) => layer.rank),
    );
    expect(rank).toBe(wanted.rank);
    const options = { combination, density, majoritySign, random: new Pcg64(1) };
    const found = delta(combineLayer(layers, { inFeatures, outFeatures, rank }, options, svd));
    const largest = Math.max(...found.map((value, i) => Math.abs(value - wanted.delta[i]!)));
    expect(largest).toBeLessThan(1e-5);
  });
});

describe('DARE', () => {
  it('drops the share that is asked for, keeps the mean, and is the same for the same seed', () => {
    const task = new Float32Array(20_000).fill(1);
    const merge = (seed: number) =>
      combine([task], [1], {
        combination: 'dare_linear',
        density: 0.3,
        majoritySign: 'total',
        random: new Pcg64(seed),
      });
    const found = merge(5);
    const kept = found.filter((value) => value !== 0);
    expect(Math.abs(kept.length / task.length - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / task.length));
    expect(kept.every((value) => Math.abs(value - 1 / 0.3) < 1e-5)).toBe(true);
    expect(merge(5)).toEqual(found);
    expect(merge(6)).not.toEqual(found);
  });
});
