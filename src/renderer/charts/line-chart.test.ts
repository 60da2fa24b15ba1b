import { describe, expect, it } from 'vitest';
import { decimal } from '../format.ts';
import { nearest, prepareLineChart, type LineChartOptions } from './line-chart.ts';

const options: LineChartOptions = {
  series: [{ key: 'loss', label: 'loss', x: [0, 10, 20], y: [1, 0.5, 0.25] }],
  references: [],
  smoothing: 0,
  log: false,
  zoom: null,
  width: 600,
  height: 240,
  xUnit: 'steps',
  yText: (value) => decimal(value),
};

describe('what a line chart draws', () => {
  it('100,000 points become as many as the width can show, and the hover still reads them all', () => {
    const x = Float64Array.from({ length: 100_000 }, (_, at) => at);
    const y = x.map((at) => Math.sin(at / 500));
    const { plot, series } = prepareLineChart({ ...options, series: [{ key: 'a', label: 'a', x, y }] });
    expect(plot.lines![0]!.points.length).toBeLessThanOrEqual(1200);
    expect(series[0]!.shown[nearest(series[0]!.x, 70_001.3)]).toBe(y[70_001]);
  });
  it('smoothed, the raw values lie faint behind', () => {
    const { plot } = prepareLineChart({ ...options, smoothing: 0.6 });
    expect(plot.lines!.map(({ faint }) => faint)).toEqual([true, false]);
  });
  it('a band is smoothed with its line and stays around it', () => {
    const band = { low: [0.5, 0, 0.1], high: [1.5, 1, 0.4] };
    const series = [{ key: 'a', label: 'a', x: [0, 1, 2], y: [1, 0.5, 0.25], band }];
    const { plot } = prepareLineChart({ ...options, series, smoothing: 0.6 });
    const middle = plot.lines!.find(({ faint }) => !faint)!;
    plot.bands![0]!.points.forEach(({ range: [low, high] }, at) => {
      expect(low).toBeLessThan(middle.points[at]!.y);
      expect(high).toBeGreaterThan(middle.points[at]!.y);
    });
  });
  it('of many series only the smoothed values are drawn, with fewer points', () => {
    const x = Float64Array.from({ length: 5000 }, (_, at) => at);
    const series = Array.from({ length: 40 }, (_, at) => ({
      key: `${at}`,
      label: `${at}`,
      x,
      y: x.map(Math.sin),
    }));
    const { plot } = prepareLineChart({ ...options, series, smoothing: 0.6 });
    expect(plot.lines).toHaveLength(40);
    expect(plot.lines![0]!.points.length).toBeLessThanOrEqual(300);
  });
  it('a log scale leaves out what has no logarithm', () => {
    const series = [{ key: 'a', label: 'a', x: [0, 1, 2], y: [0, 0.1, 1] }];
    const { plot } = prepareLineChart({ ...options, series, log: true });
    expect(plot.lines![0]!.points.map(({ x }) => x)).toEqual([1, 2]);
    expect(plot.y.low).toBeGreaterThan(0);
  });
  it('up to four series are named at their ends, more by the legend', () => {
    const many = (n: number) =>
      Array.from({ length: n }, (_, at) => ({ key: `${at}`, label: `run ${at}`, x: [0, 1], y: [0, at] }));
    expect(prepareLineChart({ ...options, series: many(4) }).plot.over).toHaveLength(4);
    expect(prepareLineChart({ ...options, series: many(5) }).plot.over).toHaveLength(0);
  });
  it('zoomed, only the part is drawn, with the points that lead out of it', () => {
    const { plot } = prepareLineChart({ ...options, zoom: [8, 12] });
    expect(plot.x).toEqual({ low: 8, high: 12, log: false });
    expect(plot.lines![0]!.points.map(({ x }) => x)).toEqual([0, 10, 20]);
  });
  it('without any point there is still an empty chart', () => {
    const { points, plot } = prepareLineChart({
      ...options,
      series: [{ key: 'a', label: 'a', x: [], y: [] }],
    });
    expect(points).toBe(0);
    expect(plot.lines![0]!.points).toEqual([]);
  });
});

it('the nearest place is found, also outside', () => {
  expect(nearest([0, 10, 20], 14)).toBe(1);
  expect(nearest([0, 10, 20], -5)).toBe(0);
  expect(nearest([0, 10, 20], 99)).toBe(2);
  expect(nearest([], 1)).toBe(-1);
});
