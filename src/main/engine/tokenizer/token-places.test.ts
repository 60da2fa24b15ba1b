import path from 'node:path';
import { expect, it } from 'vitest';
import { golden } from '../formats/test-support.ts';
import { loadTokenizer } from './load-tokenizer.ts';

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
