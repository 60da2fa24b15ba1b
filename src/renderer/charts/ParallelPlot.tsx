import { DefaultZIndexes, Line, LineChart, ReferenceLine, XAxis, YAxis, ZIndexLayer } from 'recharts';
import { markOf } from './highlight.svelte.ts';
import { chartProps, still } from './plot-parts.tsx';
import { AXIS, textWidth } from './theme.ts';

export interface ParallelPlotProps {
  width: number;
  height: number;
  left: number;
  right: number;
  above: number;
  below: number;
  axes: readonly {
    left: number;
    label: string;
    /** The last of several: its name ends at the axis. */
    end: boolean;
    ticks: readonly { top: number; text: string }[];
  }[];
  lines: readonly {
    key: string;
    colour: string;
    dash: string;
    points: readonly { x: number; y: number }[];
  }[];
}

/** The drawing of parallel coordinates: no state, no hover. Texts stand on the lines, on a ground of their own. */
export function ParallelPlot({ width, height, left, right, above, below, axes, lines }: ParallelPlotProps) {
  return (
    <LineChart {...chartProps(width, height, right)} margin={{ top: above, right, bottom: below, left }}>
      <XAxis
        dataKey="x"
        type="number"
        domain={[0, Math.max(1, axes.length - 1)]}
        hide
        allowDuplicatedCategory={false}
      />
      <YAxis type="number" domain={[0, 1]} hide />
      {axes.map((_, at) => (
        <ReferenceLine key={`axis ${at}`} x={at} stroke="var(--line-strong)" />
      ))}
      {lines.map((line, index) => (
        <Line
          key={line.key}
          className={markOf(index)}
          data={[...line.points]}
          dataKey="y"
          {...still}
          stroke={line.colour}
          strokeWidth={1.75}
          strokeDasharray={line.dash}
          dot={false}
        />
      ))}
      <ZIndexLayer zIndex={DefaultZIndexes.scatter}>
        {axes.map((axis, at) => (
          <g key={`texts ${at}`}>
            <text
              x={axis.left}
              y={14}
              {...AXIS}
              fill="var(--ink)"
              fontWeight={500}
              textAnchor={axis.end ? 'end' : 'start'}
            >
              {axis.label}
            </text>
            {axis.ticks.map(({ top, text }) => (
              <g key={top}>
                <rect
                  x={axis.left + 3}
                  y={top - 7}
                  width={textWidth(text) + 3}
                  height={14}
                  fill="var(--surface)"
                  fillOpacity={0.85}
                />
                <text x={axis.left + 6} y={top + 4} {...AXIS}>
                  {text}
                </text>
              </g>
            ))}
          </g>
        ))}
      </ZIndexLayer>
    </LineChart>
  );
}
