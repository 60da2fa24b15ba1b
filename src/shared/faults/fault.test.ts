import { expect, it } from 'vitest';
import { fault } from './index.ts';

it('a text of the catalogue takes its parameters as they are, numbers and lists in its formats', () => {
  expect(fault('data/select-count', { file: 'a {rows}.csv', count: 1200, rows: 1 }).toJSON()).toEqual({
    code: 'data/select-count',
    message: 'train_select.count is 1,200, but a {rows}.csv has 1 row.',
    remedy: 'Set it to 1 or less, or leave it out to take all rows.',
  });
  expect(fault('peft/unsupported-field', { source: 'config', fields: ['a', 'b'] }).message).toBe(
    'config: a, b are not supported.',
  );
});

it('a row is named with the line that it begins on, where the file has lines', () => {
  const quote = (line?: number) => fault('data/quote', { file: 'a.csv', row: 1300, line }).message;
  expect(quote(1301)).toBe('Row 1,300 (line 1,301) of a.csv opens a double quote that is never closed.');
  expect(quote()).toBe('Row 1,300 of a.csv opens a double quote that is never closed.');
});

it('braces of JSON in a text stay', () => {
  expect(fault('serving/json', { reason: 'x' }).remedy).toBe('Send {"texts": ["a text", "another one"]}.');
});
