import { describe, expect, it } from 'vitest';
import { count, percent } from '../format.ts';
import { ticks } from './scale.ts';
import { numberText, shareText, tickTexts } from './look.ts';

const texts = (values: readonly number[], text = shareText) =>
  [...tickTexts(values, text).values()].map((one) => one.replaceAll('\u00a0', ' '));

describe('the texts of ticks', () => {
  it('values that lie close have the decimals that tell them apart', () => {
    expect(texts([0.98, 0.982, 0.984])).toEqual(['98.0 %', '98.2 %', '98.4 %']);
    expect(texts([0.98, 0.985])).toEqual(['98.0 %', '98.5 %']);
  });
  it('values that lie far apart have none', () =>
    expect(texts([0.4, 0.6, 0.8])).toEqual(['40 %', '60 %', '80 %']));
  it('small numbers keep the digits that matter', () => {
    expect(texts([0.98041, 0.98042, 0.98043], numberText)).toEqual(['0.98041', '0.98042', '0.98043']);
    expect(texts([100, 150, 200], numberText)).toEqual(['100', '150', '200']);
    expect(texts([1e-4, 1e-3, 0.01], numberText)).toEqual(['1e-4', '0.001', '0.01']);
  });
  it('a text that has no more digits to give leaves repeated ticks out', () => {
    expect(texts([3, 3.2, 3.4, 4], (value) => count(value))).toEqual(['3', '4']);
  });
  it('no two ticks of any range read the same', () => {
    for (const [low, high] of [
      [0.9795, 0.9805],
      [0.5, 0.500_02],
      [0, 1],
      [12.3456, 12.3457],
    ] as const) {
      for (const text of [shareText, numberText, (value: number) => percent(value, 0)]) {
        const found = texts(ticks(low, high, 4), text);
        expect(new Set(found).size).toBe(found.length);
      }
    }
  });
});
