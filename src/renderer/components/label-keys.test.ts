import { expect, it } from 'vitest';
import { labelKeys } from './label-keys.ts';

const keys = (...labels: string[]) => [...labelKeys(labels).values()];

it('a label that is a digit has that key, whatever its place', () => {
  expect(keys('1', '2', '4', '5')).toEqual(['1', '2', '4', '5']);
  expect(keys('0', '1')).toEqual(['0', '1']);
  expect(keys('5.0', '1.0')).toEqual(['5', '1']);
  expect(keys('1 star', '2 stars', '4 stars')).toEqual(['1', '2', '4']);
  expect(keys('LABEL_0', 'LABEL_1')).toEqual(['0', '1']);
});

it('labels that no digit tells apart have the keys of their places', () => {
  expect(keys('ham', 'spam')).toEqual(['1', '2']);
  expect(keys('-1', '0', '1')).toEqual(['1', '2', '3']);
  expect(keys('1', '2', 'none')).toEqual(['1', '2', '3']);
  expect(keys('10', '20')).toEqual(['1', '2']);
  expect(keys('0.5', '1.5')).toEqual(['1', '2']);
  expect(keys('1', '1 star')).toEqual(['1', '2']);
});

it('more labels than keys have none', () => {
  expect(keys(...Array.from('abcdefghij'))).toEqual([]);
  expect(keys(...Array.from('0123456789'))).toEqual(Array.from('0123456789'));
});
