import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ago,
  bytes,
  count,
  counted,
  decimal,
  duration,
  percent,
  points,
  setLocale,
  short,
  timeLeft,
} from './format.ts';

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');

beforeEach(() => setLocale('en-GB'));
afterEach(() => setLocale(''));

describe('durations', () => {
  it.each([
    [0.27, '0.27 s'],
    [9.5, '9.5 s'],
    [38.4, '38 s'],
    [59.7, '1 min'],
    [130, '2 min 10 s'],
    [3600, '1 h'],
    [11_100, '3 h 5 min'],
    [187_200, '2 d 4 h'],
  ])('%d seconds read "%s"', (seconds, text) => expect(plain(duration(seconds))).toBe(text));

  it('what is left is said as an estimate, in whole seconds', () => {
    expect(plain(timeLeft(0.2))).toBe('about 1 s left');
    expect(plain(timeLeft(37.6))).toBe('about 38 s left');
  });
});

describe('sizes and numbers', () => {
  it.each([
    [812, '812 B'],
    [12_345, '12.3 kB'],
    [603_000, '0.6 MB'],
    [90_900_000, '90.9 MB'],
    [1_900_000_000, '1.9 GB'],
  ])('%d bytes read "%s"', (value, text) => expect(plain(bytes(value))).toBe(text));

  it.each([
    [0.98104, '0.981'],
    [3940.4, '3,940'],
    [5e-5, '5e-5'],
    [0.00012345, '1.23e-4'],
    [0, '0'],
    [Number.NaN, 'not a number'],
  ])('%d reads "%s"', (value, text) => expect(decimal(value)).toBe(text));

  it('shares have one decimal, differences are in points with their sign', () => {
    expect(plain(percent(0.5976))).toBe('59.8 %');
    expect(plain(points(0.0213))).toBe('+2.1 points');
    expect(plain(points(-0.004))).toBe('−0.4 points');
  });

  it('one thing is not many', () => {
    expect(plain(counted(1, 'row'))).toBe('1 row');
    expect(plain(counted(5574, 'row'))).toBe('5,574 rows');
    expect(plain(short(22_713_216))).toBe('22.7 M');
  });
});

describe('locales', () => {
  it('follow the person', () => {
    setLocale('de-DE');
    expect(count(1_234_567)).toBe('1.234.567');
    expect(plain(percent(0.5))).toBe('50,0 %');
  });
  it('an unknown one changes nothing', () => {
    setLocale('no such locale');
    expect(count(5)).toBe('5');
  });
});

it('past times read as distances', () => {
  const now = 1_800_000_000_000;
  expect(ago(now - 20_000, now)).toBe('just now');
  expect(ago(now - 3 * 3600_000, now)).toBe('3 hours ago');
  expect(ago(now - 86_400_000, now)).toBe('yesterday');
  expect(ago(now - 3 * 3600_000, now, 'narrow')).toBe('3 hr ago');
});
