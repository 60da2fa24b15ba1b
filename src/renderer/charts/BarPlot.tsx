import {
  Bar,
  BarChart,
  CartesianGrid,
  Cell,
  ErrorBar,
  LabelList,
  ReferenceLine,
  XAxis,
  YAxis,
} from 'recharts';
import { AXIS, textWidth } from './theme.ts';

export interface PlotBar {
  label: string;
  value: number;
  colour: string;
  /** The value as text, beside the bar. */
  text: string;
  /** Distances to the ends of the interval: [down, up]. */
  interval?: [number, number];
}

interface BarProps {
  width: number;
  height: number;
  bars: readonly PlotBar[];
  format: (value: number) => string;
}

/** Lying bars from zero, their names at the left, their values at the right. */
export function BarPlot({ width, height, bars, format }: BarProps) {
  const names = Math.min(width * 0.35, Math.max(40, ...bars.map(({ label }) => textWidth(label) + 12)));
  const room = Math.floor(names / 6.4);
  return (
    <BarChart
      width={width}
      height={height}
      layout="vertical"
      data={[...bars]}
      margin={{
        top: 0,
        right: Math.max(...bars.map(({ text }) => textWidth(text))) + 16,
        bottom: 0,
        left: 0,
      }}
      accessibilityLayer={false}
      style={{ pointerEvents: 'none' }}
    >
      <CartesianGrid horizontal={false} stroke="var(--line)" />
      <XAxis
        type="number"
        domain={[0, 'auto']}
        tickCount={4}
        tickFormatter={(value: number) => format(value)}
        axisLine={false}
        tickLine={false}
        tick={AXIS}
        height={20}
      />
      <YAxis
        type="category"
        dataKey="label"
        width={names}
        interval={0}
        axisLine={false}
        tickLine={false}
        tick={AXIS}
        tickFormatter={(label: string) => (label.length > room ? `${label.slice(0, room - 1)}…` : label)}
      />
      <Bar dataKey="value" barSize={14} radius={2} isAnimationActive={false}>
        {bars.map((bar) => (
          <Cell key={bar.label} fill={bar.colour} />
        ))}
        <ErrorBar
          dataKey="interval"
          direction="x"
          stroke="var(--ink)"
          strokeWidth={1}
          width={4}
          isAnimationActive={false}
        />
        <LabelList dataKey="text" position="right" offset={8} {...AXIS} fill="var(--ink)" />
      </Bar>
    </BarChart>
  );
}

interface HistogramProps {
  width: number;
  height: number;
  bins: readonly { from: number; count: number; past: boolean }[];
  binWidth: number;
  mark: { value: number; label: string } | null;
  format: (value: number) => string;
}

/** Standing bars over bins of equal width; what lies past the mark has the colour of a warning. */
export function HistogramPlot({ width, height, bins, binWidth, mark, format }: HistogramProps) {
  const end = bins.length * binWidth;
  const data = bins.map((bin) => ({ ...bin, middle: bin.from + binWidth / 2 }));
  return (
    <BarChart
      width={width}
      height={height}
      data={data}
      barCategoryGap={1}
      margin={{ top: 18, right: 12, bottom: 0, left: 12 }}
      accessibilityLayer={false}
    >
      <XAxis
        dataKey="middle"
        type="number"
        domain={[0, end]}
        tickCount={5}
        tickFormatter={(value: number) => format(value)}
        axisLine={{ stroke: 'var(--line)' }}
        tickLine={false}
        tick={AXIS}
        height={22}
      />
      <YAxis hide domain={[0, 'dataMax']} />
      <Bar
        dataKey="count"
        barSize={Math.max(1, (width - 24) / Math.max(1, bins.length) - 1)}
        isAnimationActive={false}
      >
        {data.map((bin) => (
          <Cell key={bin.from} fill={bin.past ? 'var(--warn)' : 'var(--series-1)'} />
        ))}
      </Bar>
      {mark && (
        <ReferenceLine
          x={mark.value}
          stroke="var(--warn)"
          strokeDasharray="3 3"
          label={{
            value: mark.label,
            position: mark.value > end / 2 ? 'insideTopRight' : 'insideTopLeft',
            ...AXIS,
            fill: 'var(--warn)',
          }}
        />
      )}
    </BarChart>
  );
}
