import { decimal, percent } from '../format.ts';

/** A value as text. `digits` asks for more precision than it has by itself; texts that have none to give ignore it. */
export type ValueText = (value: number, digits?: number) => string;

/** "0.981"; more digits where an axis needs them. */
export const numberText: ValueText = (value, digits = 3) => decimal(value, Math.max(3, digits));
/** A share as "98.4 %". */
export const shareText: ValueText = (value, digits = 1) => percent(value, digits);

/** A text of at most so many characters. */
export const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

const MOST_DIGITS = 10;

/**
 * The ticks of an axis with their texts, by tick: as few digits as tell neighbours apart. A tick whose text would be
 * its neighbour's all the same is left out.
 */
export function tickTexts(ticks: readonly number[], text: ValueText): Map<number, string> {
  // A step more on either side: two ticks that differ only by rounding are seen.
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 0;
  const around = step === 0 ? ticks : [ticks[0]! - step, ...ticks, ticks.at(-1)! + step];
  let found: string[] = [];
  for (let digits = 0; digits <= MOST_DIGITS; digits++) {
    found = ticks.map((tick) => text(tick, digits));
    if (new Set(around.map((tick) => text(tick, digits))).size === around.length) break;
  }
  return new Map(
    ticks.flatMap((tick, at) => (at > 0 && found[at] === found[at - 1] ? [] : [[tick, found[at]!]])),
  );
}

/** One theme for all charts: eight colours that stay apart for the colour-blind, dashes as the second sign. */
const DASHES = ['', '6 3', '2 2.5', '7 3 2 3', '10 3', '4 4', '1.5 2', '9 3 2 3 2 3'] as const;

/** The look of the series at a place, from 0; from the ninth on a colour comes back with another dash, as a ring. */
export const seriesLook = (at: number): { colour: string; dash: string; hollow: boolean } => ({
  colour: `var(--color-series-${(at % 8) + 1})`,
  dash: DASHES[(at + Math.floor(at / 8)) % 8]!,
  hollow: at >= 8,
});

export const AXIS = { fontSize: 11, fill: 'var(--color-muted)', fontFamily: 'var(--font-sans)' } as const;
/** About how wide a text of axis size is, in pixels. */
export const textWidth = (text: string): number => text.length * 6.4;
/** The space that the texts of a vertical axis take. */
export const ticksWidth = (ticks: ReadonlyMap<number, string>): number =>
  Math.max(34, ...[...ticks.values()].map((text) => textWidth(text) + 12));

/** Space above and below the plot of a line chart, in pixels. */
export const TOP = 8;
export const BOTTOM = 24;
