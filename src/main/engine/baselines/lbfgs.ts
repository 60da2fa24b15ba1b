/** L-BFGS (Nocedal & Wright, Numerical Optimization, algorithm 7.5) for smooth convex functions. */

type Objective = (at: Float64Array, gradient: Float64Array) => number;

/** Pairs of steps and slope changes that are remembered. */
const memory = 12;
const mostIterations = 500;
/** Slopes this small against those of the start end the search. */
const tolerance = 1e-9;

/** The place where `objective` is least, searched from zero. Deterministic. */
export function minimize(size: number, objective: Objective): Float64Array {
  let at = new Float64Array(size);
  let gradient = new Float64Array(size);
  let value = objective(at, gradient);
  const enough = tolerance * Math.max(1, largest(gradient));
  const pairs: { step: Float64Array; change: Float64Array; curvature: number }[] = [];
  for (let iteration = 0; iteration < mostIterations && largest(gradient) > enough; iteration++) {
    const direction = descent(gradient, pairs);
    const slope = dot(direction, gradient);
    // The first step has no memory of scale.
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let next = at;
    let nextGradient = gradient;
    let nextValue = Infinity;
    for (let tries = 0; tries < 40; tries++, length /= 2) {
      next = at.map((x, i) => x + length * direction[i]!);
      nextGradient = new Float64Array(size);
      nextValue = objective(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) break;
    }
    // No step makes it less: this is as near as doubles get.
    if (!(nextValue < value)) break;
    const step = next.map((x, i) => x - at[i]!);
    const change = nextGradient.map((x, i) => x - gradient[i]!);
    const curvature = dot(step, change);
    if (curvature > 0) pairs.push({ step, change, curvature });
    if (pairs.length > memory) pairs.shift();
    [at, gradient, value] = [next, nextGradient, nextValue];
  }
  return at;
}

/** −H·gradient by the two-loop recursion. */
function descent(
  gradient: Float64Array,
  pairs: readonly { step: Float64Array; change: Float64Array; curvature: number }[],
): Float64Array {
  const q = gradient.slice();
  const factors: number[] = [];
  for (const { step, change, curvature } of pairs.toReversed()) {
    const factor = dot(step, q) / curvature;
    factors.push(factor);
    addScaled(q, change, -factor);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  for (const { step, change, curvature } of pairs) {
    addScaled(q, step, factors.pop()! - dot(change, q) / curvature);
  }
  return q.map((x) => -x);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * values[i]!;
}

const largest = (values: Float64Array): number => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
