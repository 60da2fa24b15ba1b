import { describe, expect, it } from 'vitest';
import { logTicks, scaleAround, spread, ticks, toPixel, toValue } from './scale.ts';

describe('scales', () => {
  it('ticks are round and inside', () => {
    expect(ticks(0.78, 1.46, 4)).toEqual([0.8, 1, 1.2, 1.4]);
    expect(ticks(0, 375, 4)).toEqual([0, 100, 200, 300]);
    expect(ticks(2, 2, 4)).toEqual([2]);
  });
  it('a log scale has its powers of ten', () => {
    expect(logTicks(1e-5, 0.1)).toEqual([1e-5, 1e-4, 1e-3, 0.01, 0.1]);
    expect(logTicks(0.4, 3)).toEqual([0.5, 1, 2]);
  });
  it('air ends at the limits of what there can be', () => {
    expect(scaleAround([1, 1], { limits: [0, 1] })).toEqual({ low: 0.9, high: 1, log: false });
    expect(scaleAround([0, 0.5], { limits: [0, 1] }).low).toBe(0);
  });
  it('nothing to draw and values that are not finite still give a scale', () => {
    expect(scaleAround([])).toEqual({ low: 0, high: 1, log: false });
    expect(scaleAround([NaN, 0, -1], { log: true }).low).toBeGreaterThan(0);
    const one = scaleAround([5]);
    expect(one.high).toBeGreaterThan(one.low);
  });
  it('a value stands where the pixel says', () => {
    const scale = { low: 0, high: 200, log: false };
    expect(toPixel(scale, 50, 100, 500)).toBe(200);
    expect(toValue(scale, 200, 100, 500)).toBe(50);
    expect(toPixel({ low: 0.01, high: 1, log: true }, 0.1, 0, 100)).toBeCloseTo(50, 9);
  });
  it('labels that would overlap move apart and stay inside', () => {
    expect(spread([50, 52, 10], 14, 0, 100)).toEqual([50, 64, 10]);
    expect(spread([99, 98], 14, 0, 100)).toEqual([100, 86]);
  });
});
