import { describe, expect, it } from 'vitest';
import { jaccard, NEAR, NearDuplicates, wordPairs } from './near-duplicates.ts';

function found(texts: readonly string[]): number[][] {
  const near = new NearDuplicates(texts.length, (row) => texts[row - 1]!);
  texts.forEach((text, i) => near.add(i + 1, text));
  return near.found();
}
const similarity = (a: string, b: string) => jaccard(wordPairs(a), wordPairs(b));
const words = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `word${(from + i) * 7919}`).join(' ');

describe('near-duplicates', () => {
  it('compares texts by the pairs of words they share, whatever their case and signs', () => {
    expect(similarity('Free entry, call NOW!', 'free entry call now')).toBe(1);
    expect(similarity('a b c d', 'a b c e')).toBe(0.5);
    expect(similarity('one', 'two')).toBe(0);
    expect(similarity('!!!', '???')).toBe(0);
    expect(similarity('今日は良い天気です', '今日は良い天気だ')).toBeGreaterThan(0.5);
  });

  it('puts texts with one other word in a group, under the first of them', () => {
    const text = words(0, 60);
    const texts = [text, words(100, 60), `Number 2: ${text}`, `${text} the end`, words(200, 60)];
    expect(found(texts)).toEqual([[1, 3, 4]]);
  });

  it('leaves texts apart that share less than four fifths', () => {
    const texts = [words(0, 40), `${words(0, 20)} ${words(500, 20)}`];
    expect(similarity(texts[0]!, texts[1]!)).toBeLessThan(NEAR);
    expect(found(texts)).toEqual([]);
  });

  it('finds nearly all pairs well above the threshold', () => {
    const texts = Array.from({ length: 400 }, (_, i) => {
      const text = words(Math.floor(i / 2) * 1000, 50);
      return i % 2 === 0 ? text : text.replace(/ word\d+$/, ' other');
    });
    expect(found(texts).length).toBeGreaterThanOrEqual(198);
  });

  it('copes with texts without words', () => {
    expect(found(['', '...', '   ', '!!!'])).toEqual([]);
  });
});
