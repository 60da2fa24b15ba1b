/** A part of a split plan as a person types it: `percent` from 0 to 100. */
export interface SplitPart {
  name: string;
  percent: number;
}

/** What a stratified split gives, about: equal texts that stay together move a row here and there. */
export interface SplitPlan {
  /** Rows a part. */
  rows: number[];
  /** Rows a label and part: [label][part]. */
  labels: { name: string; rows: number[] }[];
  /** Why it cannot be made; null: it can. */
  problem: string | null;
  /** Labels that are in no row of some part. */
  missing: { label: string; part: string }[];
}

/** Shares `rows` among parts by their percent; what rounding leaves goes to the largest remainders. */
export function shareOut(rows: number, percents: readonly number[]): number[] {
  const all = percents.reduce((sum, percent) => sum + percent, 0) || 1;
  const exact = percents.map((percent) => (rows * percent) / all);
  const whole = exact.map(Math.floor);
  const order = exact.map((value, at) => ({ at, rest: value - Math.floor(value) }));
  order.sort((a, b) => b.rest - a.rest || a.at - b.at);
  const left = rows - whole.reduce((sum, value) => sum + value, 0);
  for (const { at } of order.slice(0, left)) whole[at]! += 1;
  return whole;
}

export function planSplit(
  labels: readonly { name: string; rows: number }[],
  parts: readonly SplitPart[],
): SplitPlan {
  const percents = parts.map(({ percent }) => Math.max(0, percent));
  const table = labels.map(({ name, rows }) => ({ name, rows: shareOut(rows, percents) }));
  const rows = parts.map((_, at) => table.reduce((sum, label) => sum + label.rows[at]!, 0));
  const missing = table.flatMap(({ name, rows: counts }) =>
    counts.flatMap((count, at) => (count === 0 ? [{ label: name, part: parts[at]!.name }] : [])),
  );
  return { rows, labels: table, missing, problem: problemOf(parts, rows) };
}

function problemOf(parts: readonly SplitPart[], rows: readonly number[]): string | null {
  if (parts.length < 2) return 'A split needs two parts. Add one.';
  const names = parts.map(({ name }) => name.trim());
  if (names.includes('')) return 'A part has no name.';
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `Two parts are named "${twice}".`;
  if (parts.some(({ percent }) => !(percent > 0))) return 'A part has no share. Give it one, or take it out.';
  const sum = parts.reduce((total, { percent }) => total + percent, 0);
  if (Math.abs(sum - 100) > 0.01) return `The shares add up to ${Number(sum.toFixed(2))} %, not 100 %.`;
  const empty = rows.findIndex((count) => count === 0);
  return empty < 0 ? null : `"${names[empty]}" would get no rows.`;
}
