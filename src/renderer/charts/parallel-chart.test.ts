import { describe, expect, it } from 'vitest';
import { nearestLine, prepareParallel, type ParallelAxis } from './parallel-chart.ts';
import type { PlotProps } from './Plot.tsx';

const runs = ['a', 'b', 'c'].map((key, colour) => ({ key, label: key, colour }));
/** The texts on the axes after the name of the first. */
const ticksOf = ({ over = [] }: PlotProps) =>
  over.flatMap(({ tag, text }) => (tag === 'text' && text !== undefined ? [text] : [])).slice(1);
const draw = (axes: readonly ParallelAxis[]) => prepareParallel({ axes, runs, width: 600, height: 260 });

describe('parallel coordinates', () => {
  it('numbers stand by size, on a log scale where they span decades', () => {
    const { plot } = draw([{ key: 'lr', label: 'learning_rate', values: [1e-5, 1e-3, 1e-1] }]);
    const [low, middle, high] = plot.lines!.map(({ points }) => points[0]!.y);
    expect(middle! - low!).toBeCloseTo(high! - middle!, 6);
    expect(ticksOf(plot)).toEqual(['1e-5', '0.001', '0.1']);
  });
  it('a run without a number stands below all that have one', () => {
    const { plot } = draw([{ key: 'r', label: 'r', values: [16, null, 32] }]);
    const [first, none, last] = plot.lines!.map(({ points }) => points[0]!.y);
    expect(none).toBe(0);
    expect(first).toBeGreaterThan(0.1);
    expect(last).toBeGreaterThan(first!);
    expect(ticksOf(plot)[0]).toBe('—');
  });
  it('words stand apart in the order in which they come', () => {
    const { plot } = draw([{ key: 'm', label: 'method', values: ['LORA', 'IA3', 'LORA'] }]);
    expect(plot.lines!.map(({ points }) => points[0]!.y)).toEqual([0, 1, 0]);
    expect(ticksOf(plot)).toEqual(['LORA', 'IA3']);
  });
  it('the line nearest to the pointer is found between two axes', () => {
    const { lines } = draw([
      { key: 'a', label: 'a', values: [0, 5, 10] },
      { key: 'b', label: 'b', values: [10, 5, 0] },
    ]);
    const [from, to] = lines[0]!.points;
    expect(nearestLine(lines, from!.left + 10, from!.top - 3, 18)).toBe('a');
    expect(nearestLine(lines, to!.left, lines[2]!.points[1]!.top, 18)).toBe('c');
    expect(nearestLine(lines, from!.left, from!.top + 100, 18)).toBeNull();
  });
  it('one axis, one run, all values equal: still drawn', () => {
    expect(draw([{ key: 'a', label: 'a', values: [1, 1, 1] }]).plot.lines![0]!.points[0]!.y).toBeCloseTo(
      0.5,
      6,
    );
    expect(draw([]).lines[0]!.points).toEqual([]);
  });
});
