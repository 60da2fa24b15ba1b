import { logTicks, scaleAround, ticks, toPixel } from './scale.ts';
import {
  AXIS,
  BOTTOM,
  seriesLook,
  shortened,
  textWidth,
  ticksWidth,
  tickTexts,
  TOP,
  type ValueText,
} from './look.ts';
import type { PlotProps, Shape } from './Plot.tsx';

export interface ScatterPoint {
  key: string;
  label: string;
  /** Its place among the colours, from 0. */
  colour: number;
  x: number;
  y: number;
  /** The ends of its interval. */
  low?: number;
  high?: number;
}
export interface ScatterOptions {
  points: readonly ScatterPoint[];
  xText: ValueText;
  yText: ValueText;
  /** What y can be, [0, 1] for shares: no air and no tick beyond. */
  limits?: readonly [number, number] | undefined;
  width: number;
  height: number;
}
export interface PlacedPoint extends ScatterPoint {
  /** In pixels. */
  left: number;
  top: number;
}

/** Values that reach over more than this are drawn on a log scale. */
const SPANS_DECADES = 20;
const LINE = 14;
const LONGEST = 24;
/** More points than this are told apart by the legend. */
const MOST_LABELS = 12;

/** Whether values are so far apart that only a log scale shows them all. */
export function spansDecades(values: readonly number[]): boolean {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low > 0 && high / low > SPANS_DECADES;
}

/** All that a scatter chart draws, from the data to pixels. `placed`: what the hover reads, from left to right; `labels`: the names that have room. */
export function prepareScatter(options: ScatterOptions): {
  plot: PlotProps;
  placed: PlacedPoint[];
  labels: readonly Shape[];
} {
  const { points, width, height } = options;
  const xs = points.map(({ x }) => x);
  const log = spansDecades(xs);
  const x = scaleAround(xs, { log });
  const y = scaleAround(
    points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
    { limits: options.limits },
  );
  const wanted = Math.max(2, Math.floor(width / 120));
  const powers = log ? logTicks(x.low, x.high) : [];
  const xTicks = tickTexts(log ? powers : ticks(x.low, x.high, wanted), options.xText);
  const yTicks = tickTexts(ticks(y.low, y.high, Math.max(2, Math.round(height / 55))), options.yText);
  const left = ticksWidth(yTicks);
  const right = 20;
  const leftOf = (value: number) => toPixel(x, value, left, width - right);
  const topOf = (value: number) => toPixel(y, value, height - BOTTOM, TOP);
  const placed = points
    .map((point) => ({ ...point, left: leftOf(point.x), top: topOf(point.y) }))
    .sort((a, b) => a.left - b.left);
  const indices = new Map(points.map(({ key }, index) => [key, index]));
  const labels = labelsOf(placed, left, width).map(({ key, ...label }): Shape => ({
    ...AXIS,
    ...label,
    tag: 'text',
    mark: indices.get(key)!,
  }));
  const whiskers = placed.flatMap(({ key, left: x1, low, high, colour }): Shape[] => {
    if (low === undefined || high === undefined) return [];
    const stroke = seriesLook(colour).colour;
    const mark = indices.get(key)!;
    return [{ tag: 'line', mark, x1, x2: x1, y1: topOf(low), y2: topOf(high), stroke, strokeWidth: 1.75 }];
  });
  return {
    placed,
    labels,
    plot: {
      width,
      height,
      left,
      right,
      x,
      y,
      ticks: { x: xTicks, y: yTicks },
      // Nothing but shapes: the axes are as wide as they are told.
      cut: true,
      under: [...whiskers, ...labels],
      over: placed.map(({ key, left: cx, top: cy, colour: number }) => {
        const { colour, hollow } = seriesLook(number);
        const look = {
          fill: hollow ? 'var(--color-surface)' : colour,
          stroke: colour,
          strokeWidth: hollow ? 2 : 0,
        };
        return { tag: 'circle', mark: indices.get(key)!, cx, cy, r: 4.5, ...look };
      }),
    },
  };
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}
const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Names beside their points: where neither another name nor a point stands; a name without room is left out. */
function labelsOf(placed: readonly PlacedPoint[], from: number, to: number) {
  if (placed.length > MOST_LABELS) return [];
  const taken: Box[] = placed.map(({ left, top }) => ({
    left: left - 5,
    right: left + 5,
    top: top - 5,
    bottom: top + 5,
  }));
  return placed.flatMap(({ key, label, colour, left, top }) => {
    const text = shortened(label, LONGEST);
    const wide = textWidth(text);
    for (const [dx, dy, anchor] of [
      [9, 0, 'start'],
      [-9, 0, 'end'],
      [9, LINE, 'start'],
      [9, -LINE, 'start'],
      [-9, LINE, 'end'],
      [-9, -LINE, 'end'],
    ] as const) {
      const start = anchor === 'start' ? left + dx : left + dx - wide;
      const middle = top + dy;
      const box = { left: start, right: start + wide, top: middle - LINE / 2, bottom: middle + LINE / 2 };
      if (box.left < from || box.right > to || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      return [
        { key, text, x: left + dx, y: middle + 4, textAnchor: anchor, fill: seriesLook(colour).colour },
      ];
    }
    return [];
  });
}
