import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { selectRows, stratifiedSplit } from './selection.ts';

const shuffles = z
  .array(z.object({ seed: z.number(), n: z.number(), first: z.array(z.number()) }))
  .parse(
    JSON.parse(
      readFileSync(join(import.meta.dirname, '../../../../fixtures/golden/seed1/shuffle.json'), 'utf8'),
    ),
  );

describe('selectRows', () => {
  it('takes the rows that shuffle(seed).select(range(count)) of datasets takes', () => {
    for (const { seed, n, first } of shuffles) {
      expect([...selectRows(n, { shuffle_seed: seed, count: first.length })]).toEqual(first);
    }
  });

  it('takes the first rows without a seed, all rows without a count', () => {
    expect([...selectRows(5, { count: 2 })]).toEqual([0, 1]);
    expect([...selectRows(3, {})]).toEqual([0, 1, 2]);
    expect([...selectRows(3, { shuffle_seed: 42 })]).toEqual([2, 1, 0]);
  });

  it('says how many rows there are when more are asked for', () => {
    expect(() => selectRows(800, { shuffle_seed: 42, count: 1000 }, 'reviews.csv')).toThrow(
      'train_select.count is 1,000, but reviews.csv has 800 rows.',
    );
  });
});

describe('stratifiedSplit', () => {
  const tally = (labels: readonly number[], indices: Int32Array) => {
    const counts: Record<number, number> = {};
    for (const i of indices) counts[labels[i]!] = (counts[labels[i]!] ?? 0) + 1;
    return counts;
  };

  it('keeps proportions', () => {
    const labels = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : i % 10 < 4 ? 2 : 0));
    const { train, test } = stratifiedSplit(labels, { testSize: 0.2, seed: 1 });
    expect(tally(labels, test)).toEqual({ 0: 120, 1: 20, 2: 60 });
    expect(tally(labels, train)).toEqual({ 0: 480, 1: 80, 2: 240 });
  });

  it('gives the same split for the same seed, another for another', () => {
    const labels = Array.from({ length: 100 }, (_, i) => i % 3);
    const split = (seed: number) => [...stratifiedSplit(labels, { testSize: 30, seed }).test];
    expect(split(5)).toEqual(split(5));
    expect(split(5)).not.toEqual(split(6));
  });

  it('puts a rare class in both parts, a class of one row in training', () => {
    const labels = [...Array.from({ length: 100 }, () => 0), 1, 1, 2];
    const { train, test } = stratifiedSplit(labels, { testSize: 0.1, seed: 3 });
    expect(tally(labels, test)).toEqual({ 0: 10, 1: 1 });
    expect(tally(labels, train)).toEqual({ 0: 90, 1: 1, 2: 1 });
  });

  it('puts each row in exactly one part, of the size asked for', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.nat(6), { minLength: 2, maxLength: 60 })
          .chain((labels) =>
            fc.tuple(fc.constant(labels), fc.integer({ min: 1, max: labels.length - 1 }), fc.nat(1000)),
          ),
        ([labels, testSize, seed]) => {
          const { train, test } = stratifiedSplit(labels, { testSize, seed });
          expect(test).toHaveLength(testSize);
          expect([...train, ...test].sort((a, b) => a - b)).toEqual([...labels.keys()]);
          const sizes = tally(labels, Int32Array.from(labels.keys()));
          const classes = Object.keys(sizes).map(Number);
          if (Math.min(testSize, labels.length - testSize) < classes.length) return;
          for (const c of classes.filter((c) => sizes[c]! > 1)) {
            expect(tally(labels, test)[c]).toBeGreaterThan(0);
            expect(tally(labels, train)[c]).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it.each([0, 10, 1.5, -1])('refuses a test part of %d of ten rows', (testSize) => {
    expect(() => stratifiedSplit(new Int32Array(10), { testSize, seed: 1 })).toThrow(
      'cannot be taken from 10 rows',
    );
  });
});
