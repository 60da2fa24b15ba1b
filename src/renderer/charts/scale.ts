/** Where values stand in pixels. `log`: powers of ten are equally far apart. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
}

/** The place of a value between `from` (the lowest) and `to` pixels. */
export function toPixel({ low, high, log }: Scale, value: number, from: number, to: number): number {
  const share = log
    ? (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low))
    : (value - low) / (high - low);
  return from + share * (to - from);
}

/** The value at a pixel of a linear scale. */
export const toValue = ({ low, high }: Scale, pixel: number, from: number, to: number): number =>
  low + ((pixel - from) / (to - from)) * (high - low);

/** About `count` round values from `low` to `high`, both inside; rather some more than too few. */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((nice) => nice * power >= rough * 0.7) ?? 10);
  const found: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) {
    found.push(Number((at * step).toPrecision(12)));
  }
  return found;
}

/** Powers of ten from `low` to `high`; where they are few, 2 and 5 times them too. */
export function logTicks(low: number, high: number): number[] {
  const inside = (factors: readonly number[]): number[] => {
    const found: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const factor of factors) found.push(Number((factor * 10 ** power).toPrecision(12)));
    }
    return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  };
  const powers = inside([1]);
  return powers.length >= 3 ? powers : inside([1, 2, 5]);
}

interface Around {
  log?: boolean;
  /** No air beyond these. */
  limits?: readonly [number, number] | undefined;
}

/** A scale around the values with a little air. Values that are not finite do not count. */
export function scaleAround(
  values: Iterable<number>,
  { log = false, limits = [-Infinity, Infinity] }: Around = {},
): Scale {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { low: log ? 0.1 : 0, high: 1, log };
  if (log) return { low: low / 1.15, high: high * 1.15, log };
  const air = high === low ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.06;
  const within = (value: number): number => Math.min(limits[1], Math.max(limits[0], value));
  return { low: within(low - air), high: within(high + air), log };
}

/** Moves places apart so that neighbours are `gap` pixels away from each other and inside [`from`, `to`]. */
export function spread(positions: readonly number[], gap: number, from: number, to: number): number[] {
  const order = positions.map((position, at) => ({ position, at })).sort((a, b) => a.position - b.position);
  for (let i = 0; i < order.length; i++) {
    order[i]!.position = Math.max(order[i]!.position, i === 0 ? from : order[i - 1]!.position + gap);
  }
  for (let i = order.length - 1; i >= 0; i--) {
    order[i]!.position = Math.min(
      order[i]!.position,
      i === order.length - 1 ? to : order[i + 1]!.position - gap,
    );
  }
  const out = new Array<number>(positions.length);
  for (const { position, at } of order) out[at] = position;
  return out;
}
