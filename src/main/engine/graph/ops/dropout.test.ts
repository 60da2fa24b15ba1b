import { describe, expect, it } from 'vitest';
import type { Graph, Tensor } from '../graph.ts';
import { expectGradients, ints, normals, valuesOf, weightedSum, type Fed } from '../test-support.ts';
import { droppedOut, DropoutSource, keepMask, keepScale } from './dropout.ts';

const ones = (...shape: number[]): Fed => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
});

/** Masks of several sites over the same value, with the graph knowing of its shape what `known` says. */
async function masks(x: Fed, seed: Fed, p: number, sites = 1): Promise<number[][]> {
  const found = await valuesOf({ x, seed }, (g: Graph, t: { x: Tensor; seed: Tensor }) => {
    const source = new DropoutSource(t.seed);
    const drawn = Array.from(
      { length: sites },
      (_, i) => [`m${i}`, keepMask(g, t.x, p, source, 'float32')] as const,
    );
    return Object.fromEntries(drawn);
  });
  return Array.from({ length: sites }, (_, i) => Array.from(found[`m${i}`]!));
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Correlation of two masks. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const shared = mean(a.map((value, i) => (value - ma) * (b[i]! - mb)));
  return shared / Math.sqrt(ma * (1 - ma) * mb * (1 - mb));
}

describe('a dropout mask', () => {
  it.each([0.05, 0.1, 0.5])('drops a share of %s of the values, within four standard errors', async (p) => {
    const count = 400 * 500;
    const [mask] = (await masks({ ...ones(400, 500), known: [-1, 500] }, ints(42, 1), p)) as [number[]];
    expect(mask.every((value) => value === 0 || value === 1)).toBe(true);
    expect(Math.abs(mean(mask) - (1 - p))).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / count));
  });

  it('has 16 bits: the scale of what is kept is that of p rounded to 1/65,536', () => {
    expect(keepScale(0.5)).toBe(2);
    expect(keepScale(0)).toBe(1);
    for (const p of [0.05, 0.1, 0.2]) {
      expect(keepScale(p)).toBe(1 / (1 - Math.round(p * 65536) / 65536));
      expect(Math.abs(keepScale(p) * (1 - p) - 1)).toBeLessThan(1e-5);
    }
  });

  it('is the same for the same seed, and another for another step, seed or place', async () => {
    const x = ones(64, 32);
    const [first, second, third] = (await masks(x, ints(42, 7), 0.3, 3)) as [number[], number[], number[]];
    const [again] = (await masks(x, ints(42, 7), 0.3)) as [number[]];
    expect(again).toEqual(first);
    const [otherStep] = (await masks(x, ints(42, 8), 0.3)) as [number[]];
    const [otherSeed] = (await masks(x, ints(43, 7), 0.3)) as [number[]];
    for (const other of [second, third, otherStep, otherSeed]) {
      expect(Math.abs(correlation(first, other))).toBeLessThan(0.1);
    }
    expect(Math.abs(correlation(second, third))).toBeLessThan(0.1);
  });

  it('treats the two halves of a random word alike', async () => {
    const [mask] = (await masks(ones(20_000), ints(1, 1), 0.25)) as [number[]];
    const even = mask.filter((_, i) => i % 2 === 0);
    const odd = mask.filter((_, i) => i % 2 === 1);
    expect(Math.abs(mean(even) - 0.75)).toBeLessThan(0.02);
    expect(Math.abs(mean(odd) - 0.75)).toBeLessThan(0.02);
    expect(Math.abs(correlation(even, odd))).toBeLessThan(0.05);
  });

  it.each([
    ['even', ones(4, 6), undefined],
    ['odd', ones(3, 5), undefined],
    ['odd and open', ones(3, 5), [-1, 5]],
    ['even but open', ones(4, 5), [-1, 5]],
    ['wholly open', ones(7, 3, 1), [-1, -1, -1]],
    ['a single value', ones(1), [-1]],
    ['nothing', ones(0, 3), [-1, 3]],
  ])('covers a value of %s size', async (_, x, known) => {
    const [mask] = (await masks(known ? { ...x, known } : x, ints(5, 5), 0.5)) as [number[]];
    expect(mask).toHaveLength(x.data.length);
  });
});

describe('dropout', () => {
  it.each([
    [3, 5],
    [4, 6],
  ])('passes gradients where it keeps, of [%i, %i]', async (...shape) => {
    const fed = { x: normals(60, ...shape), seed: ints(9, 2) };
    const { tape } = await expectGradients(fed, (g, t) =>
      weightedSum(g, [droppedOut(g, t.x, 0.4, new DropoutSource(t.seed))]),
    );
    const dropped = Array.from(tape['x']!).filter((value) => value === 0).length;
    expect(dropped).toBeGreaterThan(0);
    expect(dropped).toBeLessThan(shape[0] * shape[1]);
  });

  it('keeps the expected value when what it keeps is scaled', async () => {
    const p = 0.1;
    const { y } = await valuesOf({ x: ones(200, 500), seed: ints(3, 3) }, (g, t) => ({
      y: droppedOut(g, t.x, p, new DropoutSource(t.seed)),
    }));
    expect(mean(Array.from(y!)) * keepScale(p)).toBeCloseTo(1, 2);
  });
});
