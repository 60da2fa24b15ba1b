import { Bar, CartesianGrid, ComposedChart, Line, ReferenceLine, XAxis, YAxis } from 'recharts';
import { chartProps, still } from './plot-parts.tsx';
import { AXIS, BOTTOM } from './theme.ts';
import { percent } from '../format.ts';

export interface ReliabilityPoint {
  /** The middle of its bin, and the bin's mean confidence. */
  middle: number;
  confidence: number;
  accuracy: number;
  rows: number;
}
export interface ReliabilityPlotProps {
  width: number;
  height: number;
  points: readonly ReliabilityPoint[];
  colour: string;
  /** Width of a bar of rows, in pixels. */
  bar: number;
}

const SHARES = [0, 0.2, 0.4, 0.6, 0.8, 1];
/** Bars of rows take the lowest part of the plot. */
const BAR_SHARE = 4;
const shared = { type: 'number', axisLine: false, tickLine: false, tick: AXIS, interval: 0 } as const;

/** How often answers are right, by how sure they are; the diagonal is what they say. No state, no hover. */
export function ReliabilityPlot({ width, height, points, colour, bar }: ReliabilityPlotProps) {
  const most = Math.max(1, ...points.map(({ rows }) => rows));
  const share = (value: number) => percent(value, 0);
  return (
    <ComposedChart {...chartProps(width, height, 20)} data={[...points]}>
      <CartesianGrid vertical={false} stroke="var(--line)" syncWithTicks yAxisId="share" />
      <XAxis
        {...shared}
        xAxisId="middle"
        dataKey="middle"
        domain={[0, 1]}
        ticks={SHARES}
        tickFormatter={share}
        height={BOTTOM}
      />
      <XAxis {...shared} xAxisId="confidence" dataKey="confidence" domain={[0, 1]} height={0} hide />
      <YAxis {...shared} yAxisId="share" domain={[0, 1]} ticks={SHARES} tickFormatter={share} width={48} />
      <YAxis {...shared} yAxisId="rows" domain={[0, most * BAR_SHARE]} width={0} hide />
      <Bar
        xAxisId="middle"
        yAxisId="rows"
        dataKey="rows"
        barSize={bar}
        fill="var(--line-strong)"
        isAnimationActive={false}
      />
      <ReferenceLine
        xAxisId="middle"
        yAxisId="share"
        segment={[
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ]}
        stroke="var(--muted)"
        strokeDasharray="4 3"
      />
      <Line
        xAxisId="confidence"
        yAxisId="share"
        dataKey="accuracy"
        {...still}
        stroke={colour}
        strokeWidth={1.75}
        dot={{ r: 3.5, fill: colour, strokeWidth: 0 }}
      />
    </ComposedChart>
  );
}
