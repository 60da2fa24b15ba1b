import { describe, expect, it } from 'vitest';
import { count } from '../format.ts';
import { prepareScatter, spansDecades, type ScatterPoint } from './scatter-chart.ts';
import { shareText } from './look.ts';

const point = (at: number, x: number, y: number): ScatterPoint => ({
  key: `${at}`,
  label: `run ${at}`,
  colour: at,
  x,
  y,
  low: y - 0.01,
  high: y + 0.01,
});
const draw = (points: readonly ScatterPoint[]) =>
  prepareScatter({ points, xText: (value) => count(value), yText: shareText, width: 600, height: 240 });

describe('what a scatter chart draws', () => {
  it('takes a log scale where the values span decades', () => {
    expect(spansDecades([1000, 1_000_000])).toBe(true);
    expect(spansDecades([1000, 5000])).toBe(false);
    expect(spansDecades([0, 5000])).toBe(false);
    expect(draw([point(0, 1000, 0.9), point(1, 1_000_000, 0.95)]).plot.x.log).toBe(true);
  });
  it('intervals stay inside of the drawing', () => {
    const { plot } = draw([point(0, 1, 0.9), point(1, 2, 0.5)]);
    expect(plot.y.low).toBeLessThan(0.49);
    expect(plot.y.high).toBeGreaterThan(0.91);
    const whiskers = plot.under!.filter(({ tag }) => tag === 'line');
    expect(whiskers).toHaveLength(2);
    for (const { y1, y2 } of whiskers) {
      expect(y2).toBeGreaterThan(0);
      expect(y1).toBeGreaterThan(Number(y2));
      expect(y1).toBeLessThan(240);
    }
  });
  it('names never cover each other: a name without room is left out', () => {
    const far = draw([point(0, 1, 0.9), point(1, 2, 0.5)]);
    expect(far.labels.map(({ text }) => text)).toEqual(['run 0', 'run 1']);
    const close = draw(
      Array.from({ length: 10 }, (_, at) => point(at, 1 + at / 1e4, 0.9)).concat(point(11, 9, 0.1)),
    );
    expect(close.labels.length).toBeGreaterThan(0);
    expect(close.labels.length).toBeLessThan(11);
    const heap = draw(
      Array.from({ length: 40 }, (_, at) => point(at, 1 + at / 1e4, 0.9)).concat(point(41, 9, 0.1)),
    );
    expect(heap.labels).toEqual([]);
  });
  it('has no tick above what shares can be, where all are right', () => {
    const right = { key: 'a', label: 'run a', colour: 0, x: 1, y: 1 };
    const options = { xText: count, yText: shareText, limits: [0, 1] as const, width: 600, height: 240 };
    const { plot, placed } = prepareScatter({ points: [right], ...options });
    expect(Math.max(...plot.ticks!.y.keys())).toBe(1);
    expect(placed[0]!.top).toBeGreaterThan(0);
  });
  it('one point and none are drawn too', () => {
    expect(draw([point(0, 5, 0.9)]).placed).toHaveLength(1);
    expect(draw([]).placed).toEqual([]);
  });
});
