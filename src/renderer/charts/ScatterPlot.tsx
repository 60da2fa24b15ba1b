import { CartesianGrid, Scatter, ScatterChart, XAxis, YAxis } from 'recharts';
import { markOf } from './highlight.svelte.ts';
import type { Scale } from './scale.ts';
import { AXIS, BOTTOM, TOP } from './theme.ts';

export interface ScatterDot {
  key: string;
  x: number;
  y: number;
  /** Its interval, in pixels. */
  whisker: { left: number; from: number; to: number } | null;
  colour: string;
  /** Hollow: the ninth colour and on. */
  hollow: boolean;
}
export interface ScatterLabel {
  key: string;
  /** Of its point, from 0. */
  place: number;
  text: string;
  x: number;
  y: number;
  anchor: 'start' | 'middle' | 'end';
  colour: string;
}
export interface ScatterPlotProps {
  width: number;
  height: number;
  left: number;
  right: number;
  x: Scale;
  y: Scale;
  xTicks: ReadonlyMap<number, string>;
  yTicks: ReadonlyMap<number, string>;
  dots: readonly ScatterDot[];
  labels: readonly ScatterLabel[];
}

/** No overflow: all points are inside of the domain, and one at its end is drawn whole. */
const axis = (scale: Scale, ticks: ReadonlyMap<number, string>) =>
  ({
    type: 'number',
    scale: scale.log ? 'log' : 'linear',
    domain: [scale.low, scale.high],
    ticks: [...ticks.keys()],
    tickFormatter: (value: number) => ticks.get(value) ?? '',
    interval: 0,
    axisLine: false,
    tickLine: false,
    tick: AXIS,
  }) as const;

/** The drawing of a scatter chart with intervals: no state, no hover. */
export function ScatterPlot({ width, height, left, right, x, y, ...rest }: ScatterPlotProps) {
  return (
    <ScatterChart
      width={width}
      height={height}
      margin={{ top: TOP, right, bottom: 0, left: 0 }}
      accessibilityLayer={false}
      style={{ pointerEvents: 'none' }}
    >
      <CartesianGrid vertical={false} stroke="var(--line)" syncWithTicks />
      <XAxis dataKey="x" height={BOTTOM} {...axis(x, rest.xTicks)} />
      <YAxis dataKey="y" width={left} {...axis(y, rest.yTicks)} />
      {rest.dots.map(
        ({ whisker, key, colour }, place) =>
          whisker && (
            <line
              key={`whisker ${key}`}
              className={markOf(place)}
              x1={whisker.left}
              x2={whisker.left}
              y1={whisker.from}
              y2={whisker.to}
              stroke={colour}
              strokeWidth={1.75}
            />
          ),
      )}
      {rest.dots.map((dot, place) => (
        <Scatter
          key={dot.key}
          className={markOf(place)}
          data={[{ x: dot.x, y: dot.y }]}
          fill={dot.hollow ? 'var(--surface)' : dot.colour}
          stroke={dot.colour}
          strokeWidth={dot.hollow ? 2 : 0}
          isAnimationActive={false}
        />
      ))}
      {rest.labels.map((label) => (
        <text
          key={`label ${label.key}`}
          className={markOf(label.place)}
          x={label.x}
          y={label.y + 4}
          {...AXIS}
          textAnchor={label.anchor}
          fill={label.colour}
        >
          {label.text}
        </text>
      ))}
    </ScatterChart>
  );
}
