import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochBatches, type SamplerKind } from './sampler.ts';

const kinds: SamplerKind[] = ['random', 'sequential', 'group_by_length'];
const lengths = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 60 });
const size = fc.integer({ min: 1, max: 9 });

describe.each(kinds)('the %s sampler', (kind) => {
  it('gives every row once an epoch, in full batches but for the last', () => {
    fc.assert(
      fc.property(lengths, size, fc.nat(), fc.nat(9), (rows, batchSize, seed, epoch) => {
        const batches = epochBatches(rows, kind, batchSize, seed, epoch);
        expect(batches.flat().sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
        expect(batches).toHaveLength(Math.ceil(rows.length / batchSize));
        for (const batch of batches.slice(0, -1)) expect(batch).toHaveLength(batchSize);
      }),
    );
  });

  it('gives the same batches for the same seed and epoch, so that a resumed run meets them again', () => {
    fc.assert(
      fc.property(lengths, size, fc.nat(), (rows, batchSize, seed) => {
        expect(epochBatches(rows, kind, batchSize, seed, 3)).toEqual(
          epochBatches(rows, kind, batchSize, seed, 3),
        );
      }),
    );
  });
});

describe('an epoch', () => {
  const rows = Array.from({ length: 200 }, (_, i) => 1 + ((i * 37) % 90));

  it('in random order differs from the next, and from that of another seed', () => {
    const first = epochBatches(rows, 'random', 8, 42, 0);
    expect(epochBatches(rows, 'random', 8, 42, 1)).not.toEqual(first);
    expect(epochBatches(rows, 'random', 8, 43, 0)).not.toEqual(first);
  });

  it('in file order is the file', () => {
    expect(epochBatches(rows, 'sequential', 8, 42, 5).flat()).toEqual(rows.map((_, i) => i));
  });

  it('grouped by length starts with the longest row and falls inside each stretch', () => {
    // A quarter of the rows is a stretch: 50 of these.
    const order = epochBatches(rows, 'group_by_length', 8, 42, 0).flat();
    const found = order.map((row) => rows[row]!);
    expect(found[0]).toBe(Math.max(...rows));
    // Besides the one row that changed places, each stretch falls.
    const rises = found.filter((length, i) => i % 50 !== 0 && length > found[i - 1]!);
    expect(rises.length).toBeLessThanOrEqual(1);
  });

  it('grouped by length needs less padding than a random one', () => {
    const cells = (kind: SamplerKind): number =>
      epochBatches(rows, kind, 8, 1, 0).reduce(
        (sum, batch) => sum + batch.length * Math.max(...batch.map((row) => rows[row]!)),
        0,
      );
    expect(cells('group_by_length')).toBeLessThan(cells('random') * 0.8);
  });
});
