import { describe, expect, it } from 'vitest';
import { smooth } from './smooth.ts';

describe('smoothing', () => {
  it('starts at the first value, not at zero', () => expect(smooth([4, 4, 4], 0.9)[0]).toBeCloseTo(4, 12));
  it('leaves a constant as it is', () => {
    for (const value of smooth(new Array<number>(50).fill(2.5), 0.99)) expect(value).toBeCloseTo(2.5, 12);
  });
  it('agrees with the debiased moving average by hand', () => {
    const [, second, third] = smooth([1, 2, 4], 0.5);
    expect(second).toBeCloseTo((0.5 * 0.5 * 1 + 0.5 * 2) / (1 - 0.25), 12);
    expect(third).toBeCloseTo((0.125 * 1 + 0.25 * 2 + 0.5 * 4) / (1 - 0.125), 12);
  });
  it('weight 0 changes nothing', () => expect([...smooth([3, 1, 2], 0)]).toEqual([3, 1, 2]));
  it('a loss that is not a number does not spoil the rest', () => {
    const out = smooth([1, NaN, 1], 0.6);
    expect(out[1]).toBeNaN();
    expect(out[2]).toBeCloseTo(1, 12);
  });
});
