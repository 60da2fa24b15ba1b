import { logTicks, scaleAround, ticks, toPixel } from './scale.ts';
import { spansDecades } from './scatter-chart.ts';
import { AXIS, numberText, seriesLook, shortened, textWidth, tickTexts, type ValueText } from './look.ts';
import type { PlotProps, Shape } from './Plot.tsx';

export interface ParallelAxis {
  key: string;
  label: string;
  /** One a run; null: it has none. */
  values: readonly (number | string | null)[];
  text?: ValueText;
}
export interface ParallelRun {
  key: string;
  label: string;
  /** Its place among the colours, from 0. */
  colour: number;
}
export interface ParallelOptions {
  axes: readonly ParallelAxis[];
  runs: readonly ParallelRun[];
  width: number;
  height: number;
}

/** Space above the axes, for their names, and below. */
const ABOVE = 30;
const BELOW = 12;
/** Up to this many different numbers are the ticks themselves. */
const OWN_TICKS = 6;
/** Runs without a number stand below those with one. */
const NONE_BELOW = 0.14;

interface PositionedAxis {
  label: string;
  /** Shares of the height from below, by run. */
  positions: number[];
  ticks: { position: number; text: string }[];
}

/** All that parallel coordinates draw: an axis a setting, a line a run. */
export function prepareParallel(options: ParallelOptions): {
  plot: PlotProps;
  /** The line of each run in pixels, one place an axis. */
  lines: { key: string; points: { left: number; top: number }[] }[];
} {
  const { width, height, runs } = options;
  const axes = options.axes.map(positionAxis);
  const longest = Math.max(0, ...(axes.at(-1)?.ticks ?? []).map(({ text }) => textWidth(text)));
  const [left, right] = [16, Math.max(40, Math.min(longest + 14, width * 0.25))];
  const step = axes.length > 1 ? (width - left - right) / (axes.length - 1) : 0;
  const room = Math.floor(step / 6.4) - 2;
  const cut = (text: string, taken = 0): string =>
    step > 0 ? shortened(text, Math.max(4, room - taken)) : text;
  const toTop = (position: number): number => height - BELOW - position * (height - ABOVE - BELOW);
  const leftOf = (at: number): number => left + at * step;
  const textsOf = ({ label, ticks: found }: PositionedAxis, at: number): Shape[] => {
    const last = axes.length - 1;
    // The last of several: its name ends at it, and the one before has less room.
    const textAnchor = at > 0 && at === last ? 'end' : 'start';
    const text = cut(label, at === last - 1 ? axes[last]!.label.length + 1 : 0);
    return [
      {
        ...AXIS,
        tag: 'text',
        text,
        x: leftOf(at),
        y: 14,
        fill: 'var(--color-ink)',
        fontWeight: 500,
        textAnchor,
      },
      // On the lines, on a ground of their own.
      ...found.flatMap(({ position, text: whole }): Shape[] => {
        const shown = cut(whole);
        const [x, y] = [leftOf(at) + 3, toTop(position)];
        const ground = { fill: 'var(--color-surface)', fillOpacity: 0.85 };
        return [
          { tag: 'rect', x, y: y - 7, width: textWidth(shown) + 3, height: 14, ...ground },
          { ...AXIS, tag: 'text', text: shown, x: x + 3, y: y + 4 },
        ];
      }),
    ];
  };
  return {
    plot: {
      width,
      height,
      left,
      right,
      above: ABOVE,
      below: BELOW,
      x: { low: 0, high: Math.max(1, axes.length - 1), log: false },
      y: { low: 0, high: 1, log: false },
      lines: runs.map((run, index) => ({
        ...seriesLook(run.colour),
        index,
        dots: 0,
        points: axes.map(({ positions }, x) => ({ x, y: positions[index]! })),
      })),
      under: axes.map((_, at) => ({
        tag: 'line',
        x1: leftOf(at),
        x2: leftOf(at),
        y1: ABOVE,
        y2: height - BELOW,
        stroke: 'var(--color-line-strong)',
      })),
      over: axes.flatMap(textsOf),
    },
    lines: runs.map(({ key }, at) => ({
      key,
      points: axes.map(({ positions }, x) => ({ left: leftOf(x), top: toTop(positions[at]!) })),
    })),
  };
}

function positionAxis({ label, values, text = numberText }: ParallelAxis): PositionedAxis {
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length === 0 || values.some((value) => typeof value === 'string'))
    return wordAxis(label, values);
  const log = spansDecades(numbers);
  const scale = scaleAround(numbers, { log });
  const base = numbers.length < values.length ? NONE_BELOW : 0;
  const positionOf = (value: number): number => toPixel(scale, value, base, 1);
  const different = [...new Set(numbers)].sort((a, b) => a - b);
  const own = different.length <= OWN_TICKS;
  const texts = own
    ? new Map(different.map((value) => [value, text(value)]))
    : tickTexts(log ? logTicks(scale.low, scale.high) : ticks(scale.low, scale.high, 4), text);
  const none = base > 0 ? [{ position: 0, text: '—' }] : [];
  return {
    label,
    positions: values.map((value) => (typeof value === 'number' ? positionOf(value) : 0)),
    ticks: [
      ...none,
      ...apart([...texts].map(([value, tickText]) => ({ position: positionOf(value), text: tickText }))),
    ],
  };
}

/** Words, and numbers among them, stand equally far apart in the order in which they come. */
function wordAxis(label: string, values: ParallelAxis['values']): PositionedAxis {
  const different = [...new Set(values)];
  const positionOf = (value: number | string | null): number =>
    different.length === 1 ? 0.5 : different.indexOf(value) / (different.length - 1);
  return {
    label,
    positions: values.map(positionOf),
    ticks: apart(
      different.map((value) => ({ position: positionOf(value), text: value === null ? '—' : String(value) })),
    ),
  };
}

/** Leaves out texts that would stand on the one before. */
function apart(found: { position: number; text: string }[]): { position: number; text: string }[] {
  let last = -Infinity;
  return found.filter(({ position }) => {
    if (position - last < 0.06) return false;
    last = position;
    return true;
  });
}

/** The run whose line is nearest to a point, if it is within `reach` pixels. */
export function nearestLine(
  lines: ReturnType<typeof prepareParallel>['lines'],
  left: number,
  top: number,
  reach: number,
): string | null {
  let [best, least]: [string | null, number] = [null, reach];
  for (const { key, points } of lines) {
    const after = points.findIndex((point) => point.left >= left);
    const [a, b] = [points[Math.max(0, after - 1)], points[after < 0 ? points.length - 1 : after]];
    if (!a || !b) continue;
    const share = b.left > a.left ? Math.min(1, Math.max(0, (left - a.left) / (b.left - a.left))) : 0;
    const away = Math.abs(a.top + share * (b.top - a.top) - top);
    if (away < least) [best, least] = [key, away];
  }
  return best;
}
