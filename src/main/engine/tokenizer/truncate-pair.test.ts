import { describe, expect, it } from 'vitest';
import { keptPlaces, pairLengths } from './truncate-pair.ts';

describe('pairLengths', () => {
  // tokenizers 0.23.3 (Python), max_length 24 less three special tokens
  it.each([
    [34, 100, 10, 11],
    [100, 34, 11, 10],
    [36, 19, 11, 10],
    [19, 36, 10, 11],
    [30, 30, 10, 11],
    [11, 30, 10, 11],
    [10, 30, 10, 11],
    [9, 30, 9, 12],
    [30, 9, 12, 9],
    [10, 11, 10, 11],
    [0, 30, 0, 21],
  ])('keeps of %i and %i tokens %i and %i', (first, second, keptOfFirst, keptOfSecond) => {
    expect(pairLengths(first, second, 21)).toEqual([keptOfFirst, keptOfSecond]);
  });
});

describe('keptPlaces', () => {
  const sequences = [null, 0, 0, 0, null, 1, 1, 1, null];

  it('keeps the special tokens and the beginning of each text', () => {
    expect(keptPlaces(sequences, 6, 'right')).toEqual([0, 1, 4, 5, 6, 8]);
  });

  it('keeps the end of each text when the left side is cut', () => {
    expect(keptPlaces(sequences, 6, 'left')).toEqual([0, 3, 4, 6, 7, 8]);
  });

  it('keeps the special tokens alone when there is room for nothing else', () => {
    expect(keptPlaces(sequences, 3, 'left')).toEqual([0, 4, 8]);
  });
});
