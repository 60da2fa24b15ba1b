import type { Interval, Slices } from '../../shared/contract.ts';
import { scaleAround, ticks, toPixel } from '../charts/scale.ts';
import { BOTTOM, shareText, shortened, textWidth, tickTexts, TOP } from '../charts/look.ts';
import { counted } from '../format.ts';
import type { LabelledRun } from './labelled-runs.ts';

/** Pixels from one run's line to the next, closer where no figures stand beside them; and around a group. */
const LINE = 16;
const CLOSE = 9;
const AIR = 16;
/** More runs than this have no figures beside their dots: the table has them. */
const FIGURES = 4;
const LONGEST = 26;
const TALL = 480;
export const MOST_RUNS = 12;

/**
 * All rows first, then the slices; each run a dot with its interval on one common axis, in pixels. `figures`: whether
 * they stand at the right of the dots; `tall`: whether the axis stands at the top too.
 */
export function prepareSlices(given: { runs: readonly LabelledRun[]; slices: Slices }, width: number) {
  const runs = given.runs.slice(0, MOST_RUNS);
  const overall = {
    name: 'All rows',
    rows: Math.max(0, ...runs.map(({ rows }) => rows)),
    accuracy: runs.map(({ main }) => main),
  };
  const parts: { name: string; rows: number; accuracy: readonly (Interval | null)[] }[] = [
    overall,
    ...given.slices.slices,
  ];
  const intervals = parts
    .flatMap(({ accuracy }) => accuracy.slice(0, runs.length))
    .filter((one) => one !== null);
  const x = scaleAround(
    intervals.flatMap(({ low, high }) => [low, high]),
    { limits: [0, 1] },
  );
  const figures = runs.length <= FIGURES;
  const texts = parts.map(({ name }) => shortened(name, LONGEST));
  const rowsTexts = parts.map(({ rows }) => counted(rows, 'row'));
  const widest = (all: readonly string[]) => Math.max(0, ...all.map(textWidth));
  const left = Math.min(width * 0.45, widest(texts) + widest(rowsTexts) + 36);
  const right = figures ? textWidth('100.0 %') + 14 : 12;
  const pixel = (value: number) => toPixel(x, value, left, width - right);
  const line = figures ? LINE : CLOSE;
  const tall = parts.length * (runs.length * line + AIR) > TALL;
  let top = TOP + (tall ? AIR : 0);
  const groups = parts.map(({ name, rows, accuracy }, at) => {
    const height = runs.length * line + AIR;
    // `text`, `rowsText`: as the chart shows them.
    const group = { name, rows, text: texts[at]!, rowsText: rowsTexts[at]!, top, height };
    top += height;
    const dots = runs.flatMap((run, index) => {
      const interval = accuracy[index];
      if (!interval) return [];
      return [
        {
          key: `${at} ${run.id}`,
          run,
          interval,
          x: pixel(interval.value),
          from: pixel(interval.low),
          to: pixel(interval.high),
          y: group.top + AIR / 2 + (index + 0.5) * line,
        },
      ];
    });
    return { ...group, dots };
  });
  return {
    height: top + BOTTOM,
    left,
    right,
    x,
    xTicks: tickTexts(ticks(x.low, x.high, Math.max(2, Math.floor((width - left - right) / 90))), shareText),
    groups,
    figures,
    tall,
  };
}
