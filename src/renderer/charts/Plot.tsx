import { createElement } from 'react';
import {
  Area,
  CartesianGrid,
  ComposedChart,
  DefaultZIndexes,
  Line,
  XAxis,
  YAxis,
  ZIndexLayer,
} from 'recharts';
import type { Scale } from './scale.ts';
import { AXIS, BOTTOM, TOP } from './look.ts';

export interface PlotLine {
  /** Of its series, from 0. */
  index: number;
  points: readonly { x: number; y: number }[];
  colour: string;
  dash: string;
  /** Behind the others: the values before smoothing. */
  faint?: boolean;
  /** Radius of its dots; 0: none. */
  dots: number;
}
/** An SVG element in pixels; `mark`: the index of the series that it belongs to. */
export interface Shape {
  tag: 'line' | 'rect' | 'circle' | 'text';
  mark?: number;
  text?: string;
  [attribute: string]: string | number | undefined;
}
export interface PlotProps {
  width: number;
  height: number;
  /** In pixels: what stands beside the plot, the texts of a vertical axis among it. */
  left: number;
  right: number;
  x: Scale;
  y: Scale;
  /** The texts of the ticks, by tick; absent: no axis is drawn, and `above` and `below` is what stands there. */
  ticks?: { x: ReadonlyMap<number, string>; y: ReadonlyMap<number, string> };
  above?: number;
  below?: number;
  /** Values outside are cut off instead of widening the axes. */
  cut?: boolean;
  lines?: readonly PlotLine[];
  bands?: readonly {
    index: number;
    points: readonly { x: number; range: [number, number] }[];
    colour: string;
  }[];
  /** Behind the lines, and before them. */
  under?: readonly Shape[];
  over?: readonly Shape[];
}

/** The class of what is drawn of the series at a place: what stands out, or steps back, is found by it. */
const markOf = (index: number): string => `mark mark-${index}`;

/** What is drawn is what there is: nothing moves into its position, nothing answers the pointer. */
const still = { type: 'linear', activeDot: false, isAnimationActive: false } as const;
const axisProps = ({ low, high, log }: Scale, ticks: ReadonlyMap<number, string> = new Map()) =>
  ({
    type: 'number',
    scale: log ? 'log' : 'linear',
    domain: [low, high],
    ticks: [...ticks.keys()],
    tickFormatter: (value: number) => ticks.get(value) ?? '',
    interval: 0,
    axisLine: false,
    tickLine: false,
    tick: AXIS,
  }) as const;
const shape = ({ tag, mark, text, ...attributes }: Shape, key: number) =>
  createElement(tag, { key, className: mark === undefined ? undefined : markOf(mark), ...attributes }, text);

/** The drawing of every chart: no state, no hover; the page around it has the pointer, the keys and the words. */
export function Plot({ x, y, ticks, left, right, cut = false, above = 0, below = 0, ...plot }: PlotProps) {
  const { lines = [], bands = [], under = [], over = [] } = plot;
  return (
    <ComposedChart
      width={plot.width}
      height={plot.height}
      margin={ticks ? { top: TOP, right, bottom: 0, left: 0 } : { top: above, right, bottom: below, left }}
      accessibilityLayer={false}
      style={{ pointerEvents: 'none' }}
    >
      {ticks && <CartesianGrid vertical={false} stroke="var(--color-line)" syncWithTicks />}
      <XAxis
        dataKey="x"
        height={BOTTOM}
        hide={!ticks}
        allowDataOverflow={cut}
        allowDuplicatedCategory={false}
        {...axisProps(x, ticks?.x)}
      />
      <YAxis dataKey="y" width={left} hide={!ticks} allowDataOverflow={cut} {...axisProps(y, ticks?.y)} />
      {under.map(shape)}
      {bands.map(({ index, points, colour }) => (
        <Area
          key={`band ${index}`}
          className={markOf(index)}
          data={[...points]}
          dataKey="range"
          stroke="none"
          fill={colour}
          fillOpacity={0.15}
          {...still}
        />
      ))}
      {lines.map(({ index, points, colour, dash, faint = false, dots: r }) => (
        <Line
          key={`${faint ? 'raw ' : ''}${index}`}
          className={markOf(index)}
          data={[...points]}
          dataKey="y"
          {...still}
          stroke={colour}
          strokeOpacity={faint ? 0.3 : 1}
          strokeWidth={faint ? 1 : 1.75}
          strokeDasharray={faint ? '' : dash}
          dot={
            r > 0 && {
              className: markOf(index),
              r,
              fill: colour,
              strokeWidth: 0,
              strokeDasharray: '',
              clipDot: false,
            }
          }
        />
      ))}
      <ZIndexLayer zIndex={DefaultZIndexes.scatter}>{over.map(shape)}</ZIndexLayer>
    </ComposedChart>
  );
}
