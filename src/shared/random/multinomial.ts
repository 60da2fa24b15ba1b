import type { Pcg64 } from './pcg64.ts';

/** Below this mean a binomial draw walks up from zero; above it, it is drawn by rejection. */
const WALK_UP_TO = 10;

/** Successes in `n` trials of probability `p`. Inversion (n·p small), else Hörmann's BTRS (1993). */
export function binomial(random: Pcg64, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  return n * p < WALK_UP_TO ? walkUp(random, n, p) : rejection(random, n, p);
}

function walkUp(random: Pcg64, n: number, p: number): number {
  const odds = p / (1 - p);
  let k = 0;
  let mass = Math.exp(n * Math.log1p(-p));
  let left = random.random();
  while (left > mass && k < n) {
    left -= mass;
    mass *= (odds * (n - k)) / (k + 1);
    k++;
  }
  return k;
}

function rejection(random: Pcg64, n: number, p: number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const c = n * p + 0.5;
  const sure = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const logOdds = Math.log(p / (1 - p));
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = random.random() - 0.5;
    let v = random.random();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= sure) return k;
    if (k < 0 || k > n) continue;
    v = Math.log((v * alpha) / (a / (us * us) + b));
    const bound =
      logFactorial(mode) +
      logFactorial(n - mode) -
      logFactorial(k) -
      logFactorial(n - k) +
      (k - mode) * logOdds;
    if (v <= bound) return k;
  }
}

/** How often each cell is drawn in `n` draws with replacement; `counts` are the cells' weights. Fills `into`. */
export function multinomial(random: Pcg64, n: number, counts: ArrayLike<number>, into: Float64Array): void {
  let weight = 0;
  for (let i = 0; i < counts.length; i++) weight += counts[i]!;
  let left = n;
  for (let i = 0; i < counts.length; i++) {
    const drawn = weight <= 0 ? 0 : binomial(random, left, Math.min(1, counts[i]! / weight));
    into[i] = drawn;
    left -= drawn;
    weight -= counts[i]!;
  }
}

const small = new Float64Array(256);
for (let i = 2; i < small.length; i++) small[i] = small[i - 1]! + Math.log(i);

/** ln n!; Stirling's series above 255, exact to 1e-12. */
export function logFactorial(n: number): number {
  if (n < small.length) return small[n]!;
  const inverse = 1 / n;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square / 1260));
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + series;
}
