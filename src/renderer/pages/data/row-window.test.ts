import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ROW, rowWindow, scrollTo, topOf } from './row-window.ts';

const base = { viewport: 640, open: null, extra: 0 };

describe('the rows drawn', () => {
  it('are those in view and a few around', () => {
    const seen = rowWindow({ ...base, total: 650_000, scrollTop: 3200 });
    expect(seen.first).toBe(92);
    expect(seen.end).toBe(129);
    expect(seen.top).toBe(92 * ROW);
    expect(seen.height).toBe(650_000 * ROW);
  });
  it('leave room for the open row', () => {
    const seen = rowWindow({ ...base, total: 100, scrollTop: 0, open: 2, extra: 200 });
    expect(seen.height).toBe(100 * ROW + 200);
    expect(seen.end).toBeLessThan(rowWindow({ ...base, total: 100, scrollTop: 0 }).end);
  });
  it('reach the last row however long the list is', () => {
    for (const total of [1, 20, 650_000, 5_000_000]) {
      const { height } = rowWindow({ ...base, total, scrollTop: 0 });
      const last = rowWindow({ ...base, total, scrollTop: Math.max(0, height - 640) });
      expect(last.end).toBe(total);
      expect(last.height).toBeLessThan(33_000_000);
    }
  });
});

describe('scrolling to a row', () => {
  it('brings it into view from anywhere, and moves nothing where it is in view', () => {
    fc.assert(
      fc.property(fc.nat(1_999_999), fc.nat(1_999_999), fc.boolean(), (place, from, opened) => {
        const given = { ...base, total: 2_000_000, open: opened ? from : null, extra: opened ? 150 : 0 };
        const start = scrollTo(from, { ...given, scrollTop: 0 });
        const there = scrollTo(place, { ...given, scrollTop: start });
        const seen = rowWindow({ ...given, scrollTop: there });
        expect(place).toBeGreaterThanOrEqual(seen.first);
        expect(place).toBeLessThan(seen.end);
        expect(scrollTo(place, { ...given, scrollTop: there })).toBeCloseTo(there, 3);
      }),
    );
  });
  it('counts the open row among those above', () => {
    expect(topOf(5, 2, 100)).toBe(5 * ROW + 100);
    expect(topOf(2, 2, 100)).toBe(2 * ROW);
  });
});
