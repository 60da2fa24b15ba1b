import { describe, expect, it } from 'vitest';
import { count, duration, megabytes, rate, table } from './format.ts';

describe('format', () => {
  it('groups thousands', () => {
    expect(count(1250)).toBe('1,250');
  });

  it('says durations as people do', () => {
    expect([0.42, 9.96, 48.2, 59.7, 228, 7500].map(duration)).toEqual([
      '0.4 s',
      '10 s',
      '48 s',
      '1 min 0 s',
      '3 min 48 s',
      '2 h 5 min',
    ]);
  });

  it('gives rates the digits that matter', () => {
    expect([0.254, 4.13, 312.4, 12345].map(rate)).toEqual(['0.25', '4.1', '312', '12,345']);
  });

  it('gives sizes in MB', () => {
    expect([4000, 1_250_000, 90_868_376].map(megabytes)).toEqual(['< 0.1 MB', '1.3 MB', '91 MB']);
  });

  it('aligns numbers right and names left', () => {
    expect(
      table([
        ['class', 'rows'],
        ['ham', '866'],
        ['spam', '1,340'],
      ]),
    ).toBe('class   rows\nham      866\nspam   1,340');
  });
});
