import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { golden } from '../formats/test-support.ts';
import { loadTokenizer } from './load-tokenizer.ts';
import { keptTokens, pairLengths } from './native-tokenizer.ts';

const tokenizer = await loadTokenizer(path.join(golden, 'seed1/tokenizer'));

it('places are those of the tokens that encode gives, in the letters as they were written', async () => {
  const input = { text: 'Zoë 👍 loved it!', textPair: 'and AGAIN' };
  const [encoded] = await tokenizer.encode([input], { maxLength: 64 });
  const places = await tokenizer.places(input, 64);
  expect(places).toHaveLength(encoded!.inputIds.length);
  const written = (of: 0 | 1): string =>
    places
      .flatMap(({ text, start, end }) =>
        text === of ? [[input.text, input.textPair][of]!.slice(start, end)] : [],
      )
      .join('');
  expect(written(0)).toBe('Zoë👍lovedit!');
  expect(written(1)).toBe('andAGAIN');
});

it('a text that is cut has only the places that stay', async () => {
  const input = { text: 'one two three four five six seven eight' };
  const [encoded] = await tokenizer.encode([input], { maxLength: 6 });
  const places = await tokenizer.places(input, 6);
  expect(places).toHaveLength(encoded!.inputIds.length);
  expect(places[0]).toMatchObject({ text: 0, start: 0 });
  expect(places.at(-1)!.end).toBeLessThan(input.text.length);
});

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

describe('keptTokens', () => {
  const sequences = [null, 0, 0, 0, null, 1, 1, 1, null];

  it('keeps the special tokens and the beginning of each text', () => {
    expect(keptTokens(sequences, 6, 'right')).toEqual([0, 1, 4, 5, 6, 8]);
  });

  it('keeps the end of each text when the left side is cut', () => {
    expect(keptTokens(sequences, 6, 'left')).toEqual([0, 3, 4, 6, 7, 8]);
  });

  it('keeps the special tokens alone when there is room for nothing else', () => {
    expect(keptTokens(sequences, 3, 'left')).toEqual([0, 4, 8]);
  });
});
