import { describe, expect, it } from 'vitest';
import { histogram } from './token-histogram.ts';

const lengths = {
  modelId: 'm',
  modelName: 'm',
  maxLength: 128,
  binWidth: 8,
  bins: Array.from({ length: 30 }, (_, at) => (at === 20 ? 0 : 30 - at)),
  median: 20,
  p95: 100,
  longest: 238,
  cutRows: 5,
  cutShare: 0.01,
};

describe('the histogram of token lengths', () => {
  it('draws the cut where max_length is, and the bars past it as cut', () => {
    const { bars, cut } = histogram(lengths, 480, 100);
    expect(cut).toBe((128 / 240) * 480);
    expect(bars.filter((bar) => bar.cut)).toHaveLength(14);
    expect(bars.every((bar) => bar.cut === bar.from >= 128)).toBe(true);
  });
  it('shows no cut past the longest text', () => {
    expect(histogram({ ...lengths, maxLength: 512 }, 480, 100).cut).toBeNull();
  });
  it('joins bars that would be too narrow to see, and loses no text', () => {
    const bins = Array.from({ length: 4000 }, () => 1);
    const { bars } = histogram({ ...lengths, bins, longest: 32_000 }, 400, 100);
    expect(bars.length).toBeLessThanOrEqual(80);
    expect(bars.reduce((sum, { rows }) => sum + rows, 0)).toBe(4000);
  });
  it('leaves out numbers that would touch', () => {
    const { ticks } = histogram({ ...lengths, maxLength: 236 }, 300, 100);
    ticks.forEach((tick, at) =>
      ticks.slice(at + 1).forEach((other) => expect(Math.abs(tick.x - other.x)).toBeGreaterThan(44)),
    );
    expect(ticks.some(({ value }) => value === 236)).toBe(true);
  });
});
