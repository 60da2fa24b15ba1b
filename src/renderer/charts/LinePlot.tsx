import { Area, ComposedChart, Line, LineChart, ReferenceLine } from 'recharts';
import { markOf } from './highlight.svelte.ts';
import { Axes, chartProps, still, type PlotArea } from './plot-parts.tsx';
import { AXIS } from './theme.ts';

export interface PlotLine {
  /** Of its series, from 0. */
  index: number;
  points: readonly { x: number; y: number }[];
  colour: string;
  dash: string;
  /** Behind the others: the values before smoothing. */
  faint: boolean;
  dots: boolean;
}
export interface PlotBand {
  index: number;
  points: readonly { x: number; range: [number, number] }[];
  colour: string;
}
export interface LinePlotProps extends PlotArea {
  lines: readonly PlotLine[];
  bands: readonly PlotBand[];
  references: readonly { value: number; dash: string }[];
  /** Texts at the right end of their lines. */
  labels: readonly { text: string; colour: string; top: number }[];
}

/** The drawing of a line chart: no state, no hover; those are the Svelte component's. */
export function LinePlot(props: LinePlotProps) {
  const { width, height, right, lines, bands } = props;
  const Chart = bands.length > 0 ? ComposedChart : LineChart;
  return (
    <Chart {...chartProps(width, height, right)}>
      <Axes {...props} cut />
      {props.references.map((line, at) => (
        <ReferenceLine
          key={at}
          y={line.value}
          stroke="var(--muted)"
          strokeDasharray={line.dash}
          ifOverflow="hidden"
        />
      ))}
      {bands.map((band) => (
        <Area
          key={`band ${band.index}`}
          className={markOf(band.index)}
          data={[...band.points]}
          dataKey="range"
          stroke="none"
          fill={band.colour}
          fillOpacity={0.15}
          {...still}
        />
      ))}
      {lines.map((line) => (
        <Line
          key={`${line.faint ? 'raw ' : ''}${line.index}`}
          className={markOf(line.index)}
          data={[...line.points]}
          dataKey="y"
          {...still}
          stroke={line.colour}
          strokeOpacity={line.faint ? 0.3 : 1}
          strokeWidth={line.faint ? 1 : 1.75}
          strokeDasharray={line.faint ? '' : line.dash}
          dot={
            line.dots
              ? {
                  className: markOf(line.index),
                  r: 2.5,
                  fill: line.colour,
                  strokeWidth: 0,
                  strokeDasharray: '',
                  clipDot: false,
                }
              : false
          }
        />
      ))}
      {props.labels.map((label) => (
        <text
          key={label.text}
          x={width - right + 8}
          y={label.top + 4}
          {...AXIS}
          fontWeight={500}
          fill={label.colour}
        >
          {label.text}
        </text>
      ))}
    </Chart>
  );
}
