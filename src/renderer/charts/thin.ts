/** Columns of numbers of any kind: plain arrays or typed ones. */
export type Column = ArrayLike<number>;

/** The first place in the ascending `xs` whose value is not below `x`. */
export function lowerBound(xs: Column, x: number): number {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (xs[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The places in [`from`, `to`) that a line over `ys` needs in so many columns of pixels: each bucket's first, lowest,
 * highest and last, so that no spike is lost; places whose value is not finite are left out.
 */
export function thin(ys: Column, buckets: number, from = 0, to = ys.length): number[] {
  const indices: number[] = [];
  const size = to - from;
  if (size <= buckets * 4) {
    for (let at = from; at < to; at++) if (Number.isFinite(ys[at])) indices.push(at);
    return indices;
  }
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = from + Math.floor((bucket * size) / buckets);
    const end = from + Math.floor(((bucket + 1) * size) / buckets);
    let [first, last, low, high] = [-1, -1, -1, -1];
    for (let at = start; at < end; at++) {
      const y = ys[at]!;
      if (!Number.isFinite(y)) continue;
      if (first < 0) first = low = high = at;
      last = at;
      if (y < ys[low]!) low = at;
      if (y > ys[high]!) high = at;
    }
    if (first < 0) continue;
    for (const at of [first, Math.min(low, high), Math.max(low, high), last]) {
      if (indices.length === 0 || indices.at(-1)! < at) indices.push(at);
    }
  }
  return indices;
}
