import { beforeAll, expect, it } from 'vitest';
import { setLocale } from '../../format.ts';
import { classVerdict as verdict } from './class-verdict.ts';

beforeAll(() => setLocale('en-US'));
/** With the spaces that do not break as spaces. */
const classVerdict = (...given: Parameters<typeof verdict>) => verdict(...given).replaceAll('\u00a0', ' ');

it('says how large the majority class is where one class dominates', () => {
  const labels = [
    { name: 'ham', rows: 4827 },
    { name: 'spam', rows: 747 },
  ];
  expect(classVerdict(labels, 5574)).toBe(
    'The majority class ham is 86.6 % of the rows: judge by macro F1 or MCC, not by accuracy alone.',
  );
});
it('says so where classes are balanced, or where there is one only', () => {
  const two = [
    { name: 'a', rows: 52 },
    { name: 'b', rows: 48 },
  ];
  expect(classVerdict(two, 100)).toBe('Classes are balanced (48.0 % to 52.0 %).');
  const many = Array.from({ length: 1000 }, (_, at) => ({ name: String(at), rows: 32 + (at % 2) }));
  expect(classVerdict(many, 32_500)).toBe('Classes are balanced (32 to 33 rows each).');
  expect(classVerdict([{ name: 'a', rows: 3 }], 3)).toContain('one class only');
  expect(classVerdict([], 0)).toBe('There are no labels.');
});
