/** "1,204" */
export const number = (n: number): string => n.toLocaleString('en-US');
/** "1 row", "1,204 rows" */
export const many = (n: number, unit: string, units = `${unit}s`): string =>
  `${number(n)} ${n === 1 ? unit : units}`;
/** "86.6 %" */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
/** "a, b and c" */
export const list = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)!}`;
