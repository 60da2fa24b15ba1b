import { describe, expect, it } from 'vitest';
import { matchOf, searchOf } from './search-words.ts';

const match = (query: string) => {
  const search = searchOf(query);
  return search?.kind === 'words' ? matchOf(search) : search;
};

describe('what a person types into the search', () => {
  it('is words that must all occur, the last one perhaps unfinished', () => {
    expect(match('great mou')).toBe('"great" "mou"*');
    expect(match('great mouse ')).toBe('"great" "mouse"*');
    expect(match('is it')).toBe('"is" "it"');
    expect(match('  ')).toBeNull();
  });

  it('is never a query language', () => {
    expect(match('text:free OR "x" NOT (a*) NEAR/2')).toBe('"text" "free" "OR" "x" "NOT" "a" "NEAR" "2"');
    expect(match(`don't "quote`)).toBe('"don" "t" "quote"*');
  });

  it('is folded as the index is', () => {
    expect(match('CAFÉ')).toBe('"CAFE"*');
    expect(match('cafe\u0301')).toBe('"cafe"*');
    expect(match('한국어')).toBe('"한국어"*');
  });

  it('is a part of the text where there are no words between spaces', () => {
    expect(match('天気')).toEqual({ kind: 'part', like: '%天気%' });
    expect(match('50%_')).toBe('"50"');
    expect(match('😀')).toEqual({ kind: 'part', like: '%😀%' });
    expect(match('%')).toEqual({ kind: 'part', like: '%\\%%' });
  });
});
