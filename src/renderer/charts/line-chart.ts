import { logTicks, scaleAround, spread, ticks, toPixel, type Scale } from './scale.ts';
import { smooth } from './smooth.ts';
import {
  AXIS,
  BOTTOM,
  numberText,
  seriesLook,
  shortened,
  textWidth,
  ticksWidth,
  tickTexts,
  TOP,
  type ValueText,
} from './look.ts';
import { lowerBound, thin, type Column } from './thin.ts';
import type { PlotLine, PlotProps, Shape } from './Plot.tsx';

export interface LineSeries {
  key: string;
  label: string;
  /** Ascending. */
  x: Column;
  y: Column;
  /** Its place among the colours, from 0; absent: its place in the list. */
  colour?: number;
  /** An interval around it, always named in the chart's note. */
  band?: { low: Column; high: Column };
}
export interface Reference {
  value: number;
  label: string;
}
export interface LineChartOptions {
  series: readonly LineSeries[];
  /** Lines across, named at their right end: what a result is judged against. */
  references: readonly Reference[];
  /** 0: raw; towards 1: only the trend. */
  smoothing: number;
  log: boolean;
  /** What values can be at all, [0, 1] for shares: no air is left beyond them. */
  limits?: readonly [number, number] | undefined;
  /** A part of x; null: all. */
  zoom: readonly [number, number] | null;
  width: number;
  height: number;
  /** Unit of x, after its last tick: "steps". */
  xUnit: string;
  yText: ValueText;
}
export interface Prepared {
  plot: PlotProps;
  /** What the hover reads: the whole series with its smoothed values, not the thinned one. */
  series: {
    key: string;
    label: string;
    colour: string;
    dash: string;
    x: Column;
    raw: Column;
    shown: Column;
  }[];
  points: number;
}

/** More than this many series are told apart by the legend, not by labels at their ends. */
export const DIRECT_LABELS = 4;
/** More series than this hide each other: their raw values are left out, their points are fewer. */
const MANY = 8;
/** The labels take at most this share of the width. */
const LABELS_SHARE = 0.3;
/** Up to this many points are drawn as dots too. */
const DOTS = 24;
const REFERENCE_DASHES = ['4 3', '1.5 2.5', '8 3', '2 5'];

/** All that a line chart draws, from the data to pixels. */
export function prepareLineChart(options: LineChartOptions): Prepared {
  const { width, height, log, yText } = options;
  const smoothed = (ys: Column): Column => (options.smoothing > 0 ? smooth(ys, options.smoothing) : ys);
  const series = options.series.map((line, at) => ({
    ...line,
    ...seriesLook(line.colour ?? at),
    raw: line.y,
    shown: smoothed(line.y),
  }));
  const x = options.zoom ? { low: options.zoom[0], high: options.zoom[1], log: false } : xScale(series);
  const many = series.length > MANY;
  const buckets = Math.max(50, Math.floor(width / (many ? 8 : 2)));
  const lines: PlotLine[] = [];
  const bands: NonNullable<PlotProps['bands']>[number][] = [];
  const heights: number[] = log ? [] : options.references.map(({ value }) => value);
  for (const [index, line] of series.entries()) {
    const from = Math.max(0, lowerBound(line.x, x.low) - 1);
    const to = Math.min(line.x.length, lowerBound(line.x, x.high) + 1);
    const add = (ys: Column, faint: boolean): void => {
      const points = thin(ys, buckets, from, to)
        .map((at) => ({ x: line.x[at]!, y: ys[at]! }))
        .filter(({ y }) => !log || y > 0);
      for (const point of points) heights.push(point.y);
      lines.push({
        ...line,
        index,
        points,
        faint,
        dots: !faint && points.length <= DOTS ? 2.5 : 0,
      });
    };
    if (options.smoothing > 0 && !many) add(line.raw, true);
    add(line.shown, false);
    if (line.band) {
      // Smoothed as its line is, so that it stays around it.
      const low = smoothed(line.band.low);
      const high = smoothed(line.band.high);
      const points = thin(high, buckets, from, to).map((at) => ({
        x: line.x[at]!,
        range: [low[at]!, high[at]!] as [number, number],
      }));
      for (const { range } of points) heights.push(...range);
      bands.push({ index, colour: line.colour, points });
    }
  }
  // The raw values lie behind: drawn first.
  lines.sort((a, b) => Number(b.faint) - Number(a.faint));
  const y = scaleAround(heights, { log, limits: options.limits });
  const yTicks = tickTexts(
    log ? logTicks(y.low, y.high) : ticks(y.low, y.high, Math.max(2, Math.round(height / 55))),
    yText,
  );
  const named = [
    ...(series.length > 1 && series.length <= DIRECT_LABELS
      ? series.map(endLabel(yText, Math.floor((width * LABELS_SHARE - 14) / textWidth('x'))))
      : []),
    ...options.references.map(({ value, label }) => ({ text: label, colour: 'var(--color-muted)', value })),
  ].filter(({ value }) => Number.isFinite(value) && (!log || value > 0));
  const tops = spread(
    named.map(({ value }) => toPixel(y, value, height - BOTTOM, TOP)),
    14,
    TOP,
    height - BOTTOM,
  );
  const xTicks = tickTexts(ticks(x.low, x.high, Math.max(2, Math.floor(width / 130))), numberText);
  const last = [...xTicks].at(-1);
  if (last) xTicks.set(last[0], `${last[1]} ${options.xUnit}`);
  // The last tick's text stands around its pixel, which may be the right end.
  const lastHalf = last ? textWidth(xTicks.get(last[0])!) / 2 + 2 : 0;
  const labels = Math.max(0, ...named.map(({ text }) => textWidth(text) + 14));
  const left = ticksWidth(yTicks);
  const right = Math.max(24, lastHalf, Math.min(width * LABELS_SHARE, labels));
  return {
    series,
    points: series.reduce((sum, line) => sum + line.x.length, 0),
    plot: {
      width,
      height,
      left,
      right,
      x,
      y,
      ticks: { x: xTicks, y: yTicks },
      cut: true,
      lines,
      bands,
      under: options.references.flatMap(({ value }, at): Shape[] => {
        const top = toPixel(y, value, height - BOTTOM, TOP);
        const look = { stroke: 'var(--color-muted)', strokeDasharray: REFERENCE_DASHES[at % 4] };
        const crosses = value >= y.low && value <= y.high;
        return crosses ? [{ tag: 'line', x1: left, x2: width - right, y1: top, y2: top, ...look }] : [];
      }),
      over: named.map(({ text, colour }, at) => ({
        tag: 'text',
        text,
        x: width - right + 8,
        y: tops[at]! + 4,
        ...AXIS,
        fontWeight: 500,
        fill: colour,
      })),
    },
  };
}

const endLabel =
  (yText: ValueText, room: number) =>
  ({ label, colour, shown }: { label: string; colour: string; shown: Column }) => {
    const value = shown[shown.length - 1] ?? NaN;
    const after = yText(value);
    const most = Math.max(6, Math.min(24, room - after.length - 1));
    return {
      text: `${shortened(label, most)} ${after}`,
      colour,
      value,
    };
  };

function xScale(series: readonly { x: Column }[]): Scale {
  let [low, high] = [Infinity, -Infinity];
  for (const { x } of series) {
    if (x.length === 0) continue;
    low = Math.min(low, x[0]!);
    high = Math.max(high, x[x.length - 1]!);
  }
  if (low > high) return { low: 0, high: 1, log: false };
  if (high > low) return { low, high, log: false };
  // One point: from the beginning, as where there are more.
  return high > 0 ? { low: 0, high, log: false } : { low: low - 0.5, high: high + 0.5, log: false };
}

/** The place in `x` nearest to a value; -1 without points. */
export function nearest(x: Column, value: number): number {
  const after = lowerBound(x, value);
  if (after === 0) return x.length > 0 ? 0 : -1;
  if (after === x.length) return after - 1;
  return value - x[after - 1]! <= x[after]! - value ? after - 1 : after;
}
