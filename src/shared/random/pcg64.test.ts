import { describe, expect, it } from 'vitest';
import seed1 from '../../../fixtures/golden/seed1/shuffle.json' with { type: 'json' };
import seed2 from '../../../fixtures/golden/seed2/shuffle.json' with { type: 'json' };
import { Pcg64 } from './pcg64.ts';

// np.random.default_rng(seed).random(4), numpy 2.4
const NUMPY_RANDOM: { seed: number | number[]; values: number[] }[] = [
  { seed: 0, values: [0.6369616873214543, 0.2697867137638703, 0.04097352393619469, 0.016527635528529094] },
  { seed: 42, values: [0.7739560485559633, 0.4388784397520523, 0.8585979199113825, 0.6973680290593639] },
  {
    seed: 4294967295,
    values: [0.2519435680449965, 0.21906579628685663, 0.28728472043517017, 0.6189813025326831],
  },
  {
    seed: 4294967296,
    values: [0.8897387912781343, 0.5571380502062263, 0.8009080868919721, 0.9565138174753386],
  },
  {
    seed: 9007199254740991,
    values: [0.7862681066761149, 0.6063032385025929, 0.5376094823800641, 0.1563294447865048],
  },
  { seed: [42, 3], values: [0.2191163405715062, 0.5567730592230697, 0.859709672290921, 0.5982948284881224] },
  {
    seed: [1, 2, 3, 4, 5, 6],
    values: [0.6218049217551649, 0.11940126789606353, 0.8390479995608978, 0.08230172215067955],
  },
];

// np.random.default_rng(7): integers(bound) one after the other, then random()
const INTEGERS: [bound: number, value: number][] = [
  [10, 9],
  [1, 0],
  [2147483648, 1342382292],
  [3, 2],
  [2147483647, 1926751965],
  [1073741825, 832886168],
  [1000003, 833653],
];
const AFTER = 0.30016628491122543;

describe('Pcg64', () => {
  it.each([
    ['seed1', seed1],
    ['seed2', seed2],
  ])('permutes as numpy does in every golden case of %s', (_folder, cases) => {
    expect(cases.length).toBeGreaterThan(40);
    for (const c of cases) {
      const order = new Pcg64(c.seed).permutation(c.n);
      expect([...order.subarray(0, c.first.length)]).toEqual(c.first);
      // The goldens' checksum takes each product modulo 1,000,003.
      const sum = order.reduce((total, p, i) => total + ((i * p) % 1_000_003), 0);
      expect(sum).toBe(c.sum_i_times_p);
    }
  });

  it.each(NUMPY_RANDOM)('gives numpy doubles for seed $seed', ({ seed, values }) => {
    const rng = new Pcg64(seed);
    expect(values.map(() => rng.random())).toEqual(values);
  });

  it('permutes a million places as numpy does', () => {
    const sum = new Pcg64(42)
      .permutation(1_000_000)
      .reduce((total, p, i) => total + BigInt(i) * BigInt(p), 0n);
    expect(sum).toBe(250050012359701032n);
  });

  it('gives numpy integers, draws in 32-bit halves, and goes on with doubles after them', () => {
    const rng = new Pcg64(7);
    expect(INTEGERS.map(([bound]) => rng.integers(bound))).toEqual(INTEGERS.map(([, value]) => value));
    expect(rng.random()).toBe(AFTER);
  });

  it('keeps uniform draws inside their interval', () => {
    const rng = new Pcg64(3);
    const draws = Array.from({ length: 1000 }, () => rng.uniform(-2, 5));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...draws)).toBeLessThan(5);
  });

  it('draws normals with mean 0, variance 1 and kurtosis 3', () => {
    const rng = new Pcg64(11);
    const n = 200_000;
    const draws = Array.from({ length: n }, () => rng.standardNormal());
    const moment = (k: number) => draws.reduce((sum, x) => sum + x ** k, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(0.01);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.015);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.1);
  });

  it('refuses seeds and bounds that numpy would not take', () => {
    expect(() => new Pcg64(-1)).toThrow(RangeError);
    expect(() => new Pcg64(1.5)).toThrow(RangeError);
    expect(() => new Pcg64(1).integers(0)).toThrow(RangeError);
  });
});
