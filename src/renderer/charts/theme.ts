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
