import type { Column } from './thin.ts';

/**
 * Exponential moving average with its start corrected, as TensorBoard's: `weight` 0 leaves the values, near 1 only the
 * trend. What is not finite stays and does not count.
 */
export function smooth(ys: Column, weight: number): Float64Array {
  const out = new Float64Array(ys.length);
  let last = 0;
  let counted = 0;
  for (let at = 0; at < ys.length; at++) {
    const y = ys[at]!;
    if (!Number.isFinite(y)) {
      out[at] = y;
      continue;
    }
    last = last * weight + (1 - weight) * y;
    counted++;
    out[at] = weight === 0 ? y : last / (1 - weight ** counted);
  }
  return out;
}
