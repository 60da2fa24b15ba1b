/** Several LoRA adapters on one base as one, as PEFT's `add_weighted_adapter` defines it (its utils/merge_utils.py). */
import { combinationSchema } from '../../../shared/contract/adapters.ts';
import type { Pcg64 } from '../../../shared/random/pcg64.ts';
import { Graph, type Tensor } from '../graph/graph.ts';
import { Session } from '../graph/session.ts';
import { addProduct } from './lora.ts';
import type { Svd } from './method.ts';

export const combinations = combinationSchema.options;
export type Combination = (typeof combinations)[number];

export interface CombinationOptions {
  combination: Combination;
  /** Share of values that pruning keeps, 0 … 1. */
  density: number;
  majoritySign: 'total' | 'frequency';
  /** For DARE, which drops at random. */
  random: Pcg64;
}

/** One adapter's part of a layer: A [rank, in], B [out, rank]. */
export interface WeightedLayer {
  a: Float32Array;
  b: Float32Array;
  rank: number;
  /** The adapter's own, lora_alpha / r. */
  scaling: number;
  /** The one a person gave; negative ones subtract. */
  weight: number;
}

export interface CombinedLayer {
  a: Float32Array;
  b: Float32Array;
  rank: number;
}

/** The rank of the result: the sum for `cat`, else the largest. Other ways than `cat` and SVD need equal ranks. */
export function combinedRank(combination: Combination, ranks: readonly number[]): number {
  return combination === 'cat' ? ranks.reduce((sum, rank) => sum + rank, 0) : Math.max(...ranks);
}

/** One layer of several adapters as one; its own scaling is 1 (lora_alpha = r). `rank`: of the result. */
export function combineLayer(
  layers: readonly WeightedLayer[],
  size: { inFeatures: number; outFeatures: number; rank: number },
  options: CombinationOptions,
  svd: Svd,
): CombinedLayer {
  const { combination } = options;
  if (combination === 'cat') return concatenated(layers, size);
  if (combination.endsWith('svd')) {
    const deltas = layers.map(({ a, b, rank, scaling }) => {
      const delta = new Float32Array(size.outFeatures * size.inFeatures);
      addProduct(delta, b, a, { ...size, rank, scaling });
      return delta;
    });
    const weights = layers.map(({ weight }) => weight);
    return truncated(combine(deltas, weights, options), size, svd);
  }
  const root = (layer: WeightedLayer): number => Math.sqrt(Math.abs(layer.weight * layer.scaling));
  return {
    a: combine(
      layers.map(({ a }) => a),
      layers.map((layer) => root(layer) * (layer.weight < 0 ? -1 : 1)),
      options,
    ),
    b: combine(
      layers.map(({ b }) => b),
      layers.map(root),
      options,
    ),
    rank: size.rank,
  };
}

/** Task vectors of equal length as one, each times its weight. */
export function combine(
  tasks: readonly Float32Array[],
  weights: readonly number[],
  { combination, density, majoritySign, random }: CombinationOptions,
): Float32Array {
  const pruned = tasks.map((task) => {
    if (density >= 1) return task;
    if (combination.startsWith('dare')) return dropped(task, density, random);
    return /ties|magnitude/.test(combination) ? largest(task, density) : task;
  });
  return combination.includes('ties')
    ? disjointMean(pruned, weights, majoritySign)
    : weightedSum(pruned, weights);
}

function weightedSum(tasks: readonly Float32Array[], weights: readonly number[]): Float32Array {
  return tasks[0]!.map((_, i) => tasks.reduce((sum, task, k) => sum + task[i]! * weights[k]!, 0));
}

/** The share `density` of values with the largest magnitude; the others 0. */
function largest(task: Float32Array, density: number): Float32Array {
  const keep = Math.floor(density * task.length);
  const order = Uint32Array.from(task, (_, i) => i).sort(
    (x, y) => Math.abs(task[y]!) - Math.abs(task[x]!) || x - y,
  );
  const result = new Float32Array(task.length);
  for (const i of order.subarray(0, keep)) result[i] = task[i]!;
  return result;
}

/** DARE (Yu et al. 2023): each value kept with probability `density`, and then divided by it. */
function dropped(task: Float32Array, density: number, random: Pcg64): Float32Array {
  return task.map((value) => (random.random() < density ? value / density : 0));
}

/** TIES (Yadav et al. 2023): the mean over those that agree with the elected sign. */
function disjointMean(
  tasks: readonly Float32Array[],
  weights: readonly number[],
  majoritySign: CombinationOptions['majoritySign'],
): Float32Array {
  return tasks[0]!.map((_, i) => {
    let elected = 0;
    for (const task of tasks) elected += majoritySign === 'total' ? task[i]! : Math.sign(task[i]!);
    const sign = elected >= 0 ? 1 : -1;
    let sum = 0;
    let agreeing = 0;
    for (const [k, task] of tasks.entries()) {
      if (Math.sign(task[i]!) !== sign) continue;
      sum += task[i]! * weights[k]!;
      agreeing++;
    }
    return sum / Math.max(1, agreeing);
  });
}

function concatenated(
  layers: readonly WeightedLayer[],
  { inFeatures, outFeatures, rank }: { inFeatures: number; outFeatures: number; rank: number },
): CombinedLayer {
  const a = new Float32Array(rank * inFeatures);
  const b = new Float32Array(outFeatures * rank);
  let from = 0;
  for (const layer of layers) {
    a.set(
      layer.a.map((value) => value * layer.weight * layer.scaling),
      from * inFeatures,
    );
    for (let i = 0; i < outFeatures; i++) {
      b.set(layer.b.subarray(i * layer.rank, (i + 1) * layer.rank), i * rank + from);
    }
    from += layer.rank;
  }
  return { a, b, rank };
}

function truncated(
  delta: Float32Array,
  { inFeatures, outFeatures, rank }: { inFeatures: number; outFeatures: number; rank: number },
  svd: Svd,
): CombinedLayer {
  const { u, s, v } = svd(delta, outFeatures, inFeatures);
  const a = new Float32Array(rank * inFeatures);
  const b = new Float32Array(outFeatures * rank);
  const k = s.length;
  for (let r = 0; r < Math.min(rank, k); r++) {
    for (let j = 0; j < inFeatures; j++) a[r * inFeatures + j] = v[j * k + r]!;
    for (let i = 0; i < outFeatures; i++) b[i * rank + r] = u[i * k + r]! * s[r]!;
  }
  return { a, b, rank };
}

/** TensorFlow's singular value decomposition. Close it when it is no longer needed. */
export async function openSvd(): Promise<{ svd: Svd; close: () => void }> {
  const g = new Graph();
  const matrix = g.placeholder('matrix', 'float32', [-1, -1]);
  const output = (shape: number[]) => ({ dtype: 'float32', shape }) as const;
  const attributes = {
    T: { type: 'float32' },
    compute_uv: { bool: true },
    full_matrices: { bool: false },
  } as const;
  const [s, u, v] = g.node('Svd', [matrix], attributes, [
    output([-1]),
    output([-1, -1]),
    output([-1, -1]),
  ]) as [Tensor, Tensor, Tensor];
  g.signature('svd', { matrix }, { s, u, v });
  const session = await Session.open(g);
  return {
    svd: (values, rows, columns) => {
      const result = session.run('svd', { matrix: { shape: [rows, columns], data: values } });
      return result as { s: Float32Array; u: Float32Array; v: Float32Array };
    },
    close: () => session.close(),
  };
}
