import { expect, it } from 'vitest';
import { distinct, hasWords } from './text-search.ts';

it('a text is found by all the words of a query, in any order and case', () => {
  expect(hasWords('all-MiniLM-L6-v2 of both', 'BOTH minilm')).toBe(true);
  expect(hasWords('all-MiniLM-L6-v2 of both', 'both bert')).toBe(false);
  expect(hasWords('anything', '  ')).toBe(true);
});

it('values are offered once each, in order', () => {
  expect(distinct(['reviews', 'mail', 'reviews'])).toEqual(['mail', 'reviews']);
});
