import { beforeAll, expect, it } from 'vitest';
import { setLocale } from '../../format.ts';
import { classVerdict as verdict } from './class-verdict.ts';

beforeAll(() => setLocale('en-US'));
/** With the spaces that do not break as spaces. */
const classVerdict = (...given: Parameters<typeof verdict>) => verdict(...given).replaceAll('\u00a0', ' ');

it('says what guessing the largest class gives where one class dominates', () => {
  const labels = [
    { name: 'ham', rows: 4827 },
    { name: 'spam', rows: 747 },
  ];
  expect(classVerdict(labels, 5574)).toBe(
    'Guessing ham is right in 86.6 %. Judge by macro F1 or MCC, not by accuracy alone.',
  );
});
it('says so where classes are balanced, or where there is one only', () => {
  const two = [
    { name: 'a', rows: 52 },
    { name: 'b', rows: 48 },
  ];
  expect(classVerdict(two, 100)).toBe('Classes are balanced (48.0 % to 52.0 %).');
  expect(classVerdict([{ name: 'a', rows: 3 }], 3)).toContain('one class only');
  expect(classVerdict([], 0)).toBe('There are no labels.');
});
