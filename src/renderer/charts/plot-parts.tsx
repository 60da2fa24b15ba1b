import { CartesianGrid, XAxis, YAxis } from 'recharts';
import type { Scale } from './scale.ts';
import { AXIS, BOTTOM, TOP } from './theme.ts';

/** What every chart tells Recharts of itself: the page around it has the pointer, the keys and the words. */
export const chartProps = (width: number, height: number, right: number) => ({
  width,
  height,
  margin: { top: TOP, right, bottom: 0, left: 0 },
  accessibilityLayer: false,
  style: { pointerEvents: 'none' as const },
});

/** What is drawn is what there is: nothing moves into its position, nothing answers the pointer. */
export const still = { type: 'linear', activeDot: false, isAnimationActive: false } as const;

const axisProps = ({ low, high, log }: Scale, ticks: ReadonlyMap<number, string>) =>
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

export interface PlotArea {
  /** In pixels; `left` and `right` of the plot are the axis' texts and what stands beside it. */
  width: number;
  height: number;
  left: number;
  right: number;
  x: Scale;
  y: Scale;
  /** The texts of the ticks, by tick. */
  xTicks: ReadonlyMap<number, string>;
  yTicks: ReadonlyMap<number, string>;
}
/** The two axes with the lines across, as every chart has them. `cut`: values outside are cut off instead of widening them. */
export function Axes({ x, y, xTicks, yTicks, left, cut = false }: PlotArea & { cut?: boolean }) {
  return (
    <>
      <CartesianGrid vertical={false} stroke="var(--line)" syncWithTicks />
      <XAxis
        dataKey="x"
        height={BOTTOM}
        allowDataOverflow={cut}
        allowDuplicatedCategory={false}
        {...axisProps(x, xTicks)}
      />
      <YAxis dataKey="y" width={left} allowDataOverflow={cut} {...axisProps(y, yTicks)} />
    </>
  );
}
