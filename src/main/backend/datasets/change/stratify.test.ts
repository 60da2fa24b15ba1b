import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stratify } from './stratify.ts';

const alone = (rows: number) => Array.from({ length: rows }, (_, i) => i);
const share = (parts: Int32Array, part: number, of: (i: number) => boolean) =>
  parts.filter((value, i) => value === part && of(i)).length;

describe('stratify', () => {
  it('gives every class its share in every part', () => {
    const labels = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : 0));
    const parts = stratify(labels, alone(1000), [0.8, 0.1, 0.1], 42);
    const counts = [0, 1, 2].map((part) =>
      [0, 1].map((label) => share(parts, part, (i) => labels[i] === label)),
    );
    expect(counts).toEqual([
      [720, 80],
      [90, 10],
      [90, 10],
    ]);
  });

  it('gives the same parts for the same seed, others for another', () => {
    const labels = Array.from({ length: 200 }, (_, i) => i % 3);
    const make = (seed: number) => [...stratify(labels, alone(200), [0.5, 0.5], seed)];
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
  });

  it('keeps a group in one part, and the sizes within the largest group', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ label: fc.nat(4), group: fc.nat(30) }), { minLength: 1, maxLength: 300 }),
        fc.nat(),
        (rows, seed) => {
          const groups = rows.map(({ group }) => group);
          const parts = stratify(
            rows.map(({ label }) => label),
            groups,
            [0.7, 0.3],
            seed,
          );
          const sizes = new Map<number, number>();
          groups.forEach((group) => sizes.set(group, (sizes.get(group) ?? 0) + 1));
          groups.forEach((group, i) => expect(parts[i]).toBe(parts[groups.indexOf(group)]));
          const first = parts.filter((part) => part === 0).length;
          expect(Math.abs(first - 0.7 * rows.length)).toBeLessThanOrEqual(Math.max(...sizes.values()));
        },
      ),
    );
  });

  it('fills small parts although no class of two rows could', () => {
    const labels = Array.from({ length: 400 }, (_, i) => i >> 1);
    const parts = stratify(labels, alone(400), [0.9, 0.1], 7);
    expect(share(parts, 1, () => true)).toBe(40);
  });
});
