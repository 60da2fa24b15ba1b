import { thin, type Column } from './thin.ts';

/** The values behind a chart: curves over x, or rows of texts. */
export type ChartTableData =
  | { head: readonly string[]; series: readonly { label: string; x: Column; shown: Column }[] }
  | { head: readonly string[]; rows: readonly (readonly string[])[] };

/** Longer tables are thinned as the drawing is. */
export const MAX_TABLE_ROWS = 500;

/** The lines of the table: x and, for each series, its value there; empty where a series has none. */
export function tableRows(
  table: ChartTableData,
  xText: (x: number) => string,
  yText: (y: number) => string,
): string[][] {
  if ('rows' in table) return table.rows.map((row) => [...row]);
  const byX = new Map<number, (number | undefined)[]>();
  table.series.forEach(({ x, shown }, at) => {
    for (const index of thin(shown, Math.floor(MAX_TABLE_ROWS / 4))) {
      const row = byX.get(x[index]!) ?? [];
      row[at] = shown[index]!;
      byX.set(x[index]!, row);
    }
  });
  return [...byX]
    .sort(([a], [b]) => a - b)
    .map(([x, values]) => [
      xText(x),
      ...table.series.map((_, at) => {
        const value = values[at];
        return value === undefined ? '' : yText(value);
      }),
    ]);
}
