import { describe, expect, it } from 'vitest';
import { keyInQuery, keyOf, queryOf } from './answerer-address.ts';
import { probabilityRows } from './probability-rows.ts';
import { answer } from './test-support.ts';
import { strongest, tokenPieces } from './token-pieces.ts';

describe('an address', () => {
  it('names both answerers and comes back as it was', () => {
    const onnx = { kind: 'export', id: 'x', target: 'onnx' } as const;
    const query = queryOf(onnx, { kind: 'experiment', id: 'e' }, 'file');
    expect(query).toEqual({ export: 'x', target: 'onnx', second: 'experiment:e', tab: 'file' });
    expect(keyInQuery(query)).toBe(keyOf(onnx));
    expect(keyInQuery({ export: 'x', target: 'a wheel' })).toBeNull();
    expect(keyInQuery({})).toBeNull();
  });
});

describe('bars', () => {
  it('of few labels keep their places, of many the likeliest come first', () => {
    expect(probabilityRows(answer(0.9), null, false).map(({ label }) => label)).toEqual(['ham', 'spam']);
    const labels = Array.from({ length: 20 }, (_, i) => `l${i}`);
    const many = answer(0, { labels, probabilities: labels.map((_, i) => i / 190) });
    const rows = probabilityRows(many, null, false);
    expect(rows).toHaveLength(8);
    expect(rows[0]).toMatchObject({ label: 'l19', isBest: true });
    expect(probabilityRows(many, null, true)).toHaveLength(20);
  });

  it('tell the difference to the same label of the other, where it has it', () => {
    const other = answer(0, { labels: ['spam', 'else'], probabilities: [0.25, 0.75] });
    expect(probabilityRows(answer(0.5), other, false).map(({ difference }) => difference)).toEqual([
      null,
      0.25,
    ]);
  });
});

describe('a text in tokens', () => {
  const token = (start: number, end: number, value: number, of: 0 | 1 | null = 0) => ({
    text: '',
    of,
    start,
    end,
    value,
  });
  const attribution = (tokens: ReturnType<typeof token>[]) => ({
    label: 'a',
    tokens,
    difference: 1,
    empty: '[PAD]',
    gap: 0,
    steps: 32,
  });

  it('is whole again: spaces between, the rest that was cut, special tokens left out', () => {
    const found = attribution([token(0, 0, 0, null), token(0, 4, 1), token(5, 8, -0.5), token(0, 3, 9, 1)]);
    const pieces = tokenPieces(found, 'free box and more', 0);
    expect(pieces.map(({ text }) => text)).toEqual(['free', ' ', 'box', ' and more']);
    expect(pieces.map(({ value }) => value)).toEqual([1, null, -0.5, null]);
    expect(pieces[0]!.strength).toBeCloseTo(1 / 9);
    expect(strongest(pieces, 1)).toEqual([{ text: 'free', value: 1 }]);
    expect(strongest(pieces, -1)).toEqual([{ text: 'box', value: -0.5 }]);
  });

  it('adds up tokens that stand in one place, as the bytes of a letter do', () => {
    const pieces = tokenPieces(attribution([token(0, 2, 1), token(0, 2, 2), token(2, 3, 1)]), '🙂a', 0);
    expect(pieces.map(({ text, value }) => [text, value])).toEqual([
      ['🙂', 3],
      ['a', 1],
    ]);
  });
});
