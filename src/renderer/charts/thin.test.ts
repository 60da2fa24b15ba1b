import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerBound, thin } from './thin.ts';

describe('thinning a long series to the width', () => {
  it('a short series stays as it is', () => expect(thin([3, 1, 2], 10)).toEqual([0, 1, 2]));

  it('a spike of one point in 100,000 is still drawn', () => {
    const ys = new Float64Array(100_000).fill(1);
    ys[70_001] = 50;
    ys[20_002] = -50;
    const places = thin(ys, 300);
    expect(places).toContain(70_001);
    expect(places).toContain(20_002);
    expect(places.length).toBeLessThanOrEqual(1200);
  });

  it('keeps the ends, the lowest and the highest of any series, in order', () => {
    const series = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), {
      minLength: 1,
      maxLength: 500,
    });
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 20 }), (ys, buckets) => {
        const places = thin(ys, buckets);
        const kept = places.map((at) => ys[at]!);
        expect(Math.min(...kept)).toBe(Math.min(...ys));
        expect(Math.max(...kept)).toBe(Math.max(...ys));
        expect(places[0]).toBe(0);
        expect(places.at(-1)).toBe(ys.length - 1);
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      }),
    );
  });

  it('what is not a number is left out', () => {
    expect(thin([1, NaN, 2, Infinity], 10)).toEqual([0, 2]);
    expect(thin(new Float64Array(1000).fill(NaN), 10)).toEqual([]);
  });

  it('a part of the series is thinned for itself', () => {
    expect(thin([0, 1, 2, 3, 4, 5], 10, 2, 4)).toEqual([2, 3]);
    expect(lowerBound([0, 10, 20, 30], 15)).toBe(2);
    expect(lowerBound([0, 10, 20, 30], 99)).toBe(4);
  });
});
