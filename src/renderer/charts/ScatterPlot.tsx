import { CartesianGrid, ErrorBar, Scatter, ScatterChart, XAxis, YAxis } from 'recharts';
import type { Scale } from './scale.ts';
import { AXIS, BOTTOM, TOP } from './theme.ts';

export interface ScatterDot {
  key: string;
  x: number;
  y: number;
  /** How far its interval reaches down and up. */
  error: [number, number] | null;
  colour: string;
  /** Hollow: the ninth colour and on. */
  hollow: boolean;
  faint: boolean;
}
export interface ScatterLabel {
  key: string;
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

const axis = (scale: Scale, ticks: ReadonlyMap<number, string>) =>
  ({
    type: 'number',
    scale: scale.log ? 'log' : 'linear',
    domain: [scale.low, scale.high],
    ticks: [...ticks.keys()],
    tickFormatter: (value: number) => ticks.get(value) ?? '',
    interval: 0,
    allowDataOverflow: true,
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
      {rest.dots.map((dot) => (
        <Scatter
          key={dot.key}
          data={[{ x: dot.x, y: dot.y, error: dot.error }]}
          fill={dot.hollow ? 'var(--surface)' : dot.colour}
          stroke={dot.colour}
          strokeWidth={dot.hollow ? 2 : 0}
          opacity={dot.faint ? 0.25 : 1}
          isAnimationActive={false}
        >
          {dot.error && (
            <ErrorBar
              dataKey="error"
              direction="y"
              width={0}
              stroke={dot.colour}
              strokeWidth={1.75}
              opacity={dot.faint ? 0.25 : 1}
              isAnimationActive={false}
            />
          )}
        </Scatter>
      ))}
      {rest.labels.map((label) => (
        <text
          key={`label ${label.key}`}
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
