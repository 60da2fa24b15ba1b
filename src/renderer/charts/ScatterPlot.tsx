import { Scatter, ScatterChart } from 'recharts';
import { markOf } from './highlight.svelte.ts';
import { Axes, chartProps, type PlotArea } from './plot-parts.tsx';
import { AXIS } from './theme.ts';

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
  index: number;
  text: string;
  x: number;
  y: number;
  anchor: 'start' | 'middle' | 'end';
  colour: string;
}
export interface ScatterPlotProps extends PlotArea {
  dots: readonly ScatterDot[];
  labels: readonly ScatterLabel[];
}

/** The drawing of a scatter chart with intervals: no state, no hover. A point at the end of an axis is drawn whole. */
export function ScatterPlot({ dots, labels, ...plot }: ScatterPlotProps) {
  return (
    <ScatterChart {...chartProps(plot.width, plot.height, plot.right)}>
      <Axes {...plot} />
      {dots.map(
        ({ whisker, key, colour }, index) =>
          whisker && (
            <line
              key={`whisker ${key}`}
              className={markOf(index)}
              x1={whisker.left}
              x2={whisker.left}
              y1={whisker.from}
              y2={whisker.to}
              stroke={colour}
              strokeWidth={1.75}
            />
          ),
      )}
      {dots.map((dot, index) => (
        <Scatter
          key={dot.key}
          className={markOf(index)}
          data={[{ x: dot.x, y: dot.y }]}
          fill={dot.hollow ? 'var(--surface)' : dot.colour}
          stroke={dot.colour}
          strokeWidth={dot.hollow ? 2 : 0}
          isAnimationActive={false}
        />
      ))}
      {labels.map((label) => (
        <text
          key={`label ${label.key}`}
          className={markOf(label.index)}
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
