/** First values of LoRA's A and B, and what some of them take out of the base; distributions as in PEFT 0.21. */
import { fault } from '../../../shared/faults/index.ts';
import type { lora as method } from '../../../shared/methods/lora.ts';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import type { SettingsValues } from '../../../shared/settings/setting.ts';
import type { ParameterSpec } from '../models/parameters.ts';
import type { LowRankLayer, Svd, TakenOut } from './method.ts';

type LoraSettings = SettingsValues<typeof method.settings>;
type Factors = { a: Float32Array; b: Float32Array };

/**
 * A as torch's kaiming_uniform with a = √5, that is U(±1/√in), or N(0, 1/r), and B zero, so that nothing is changed; of
 * an embedding A zero and B N(0, 1). Those of `takenOut` are given beforehand.
 */
export function firstValues(
  { name, shape }: ParameterSpec,
  random: Pcg64,
  kind: boolean | string,
): Float32Array {
  const [rows, columns = 1] = shape as [number, number?];
  const values = new Float32Array(rows * columns);
  const isOfTable = name.includes('.lora_embedding_');
  const isZero = isOfTable ? name.endsWith('_A') : name.includes('.lora_B.');
  if (name.endsWith('.bias')) return values;
  if (kind === 'orthogonal' && !isOfTable) return orthogonal(values, rows, columns, isZero, random);
  if (isZero && kind !== false) return values;
  if (isOfTable) return values.map(() => random.standardNormal());
  const bound = 1 / Math.sqrt(columns);
  const draw =
    kind === 'gaussian' ? () => random.standardNormal() / rows : () => (2 * random.random() - 1) * bound;
  return values.map(draw);
}

/**
 * Normal values along the even rows of an orthogonal matrix Q [r,r] in A, and along its odd rows in B, a tenth as large:
 * B·A is zero though neither is (https://datta0.github.io/posts/rethink-lora-init). Q is one for each rank.
 */
function orthogonal(
  values: Float32Array,
  rows: number,
  columns: number,
  isB: boolean,
  random: Pcg64,
): Float32Array {
  const rank = isB ? columns : rows;
  const source = new Pcg64([rank]);
  const square = Float64Array.from({ length: rank * rank }, () => source.standardNormal());
  const { q } = qr(square, rank, rank, rank);
  const others = isB ? rows : columns;
  for (let i = 0; i < others; i++)
    for (let half = 0; half < rank / 2; half++) {
      const drawn = random.standardNormal() / 10;
      for (let k = 0; k < rank; k++)
        values[isB ? i * rank + k : k * others + i]! += drawn * q[(2 * half + (isB ? 1 : 0)) * rank + k]!;
    }
  return values;
}

/** undefined: nothing is taken out. Throws `peft/start-rank`. */
export function takenOut(
  layers: ReadonlyMap<string, LowRankLayer>,
  settings: LoraSettings,
): TakenOut | undefined {
  const kind = settings.init_lora_weights;
  if (kind !== 'pissa' && kind !== 'olora') return undefined;
  for (const { path, rank, inFeatures, outFeatures } of layers.values()) {
    const most = Math.min(inFeatures, outFeatures);
    if (rank > most) throw fault('peft/start-rank', { start: kind, rank, module: path, most });
  }
  const twice = (values: Readonly<Record<string, number>>, times: number): Record<string, number> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, times * value]));
  const times = settings.use_rslora ? Math.SQRT2 : 2;
  return {
    layers,
    factors: kind === 'pissa' ? principal : ofQr,
    // [B, -B₀]·[A; A₀] with the same scaling (PEFT's `subtract_mutated_init`).
    fields: {
      init_lora_weights: true,
      r: 2 * settings.r,
      lora_alpha: times * settings.lora_alpha,
      rank_pattern: twice(settings.rank_pattern, 2),
      alpha_pattern: twice(settings.alpha_pattern, times),
    },
  };
}

/** PiSSA (Meng et al. 2024): the largest singular values of W, their roots in A and in B. */
function principal(weight: Float32Array, layer: LowRankLayer, svd: Svd): Factors {
  const { rank, scaling, inFeatures, outFeatures } = layer;
  const a = new Float32Array(rank * inFeatures);
  const b = new Float32Array(outFeatures * rank);
  for (const [k, vector] of rightVectors(weight, layer, svd).entries()) {
    const image = imageOf(weight, vector);
    const root = Math.sqrt(Math.hypot(...image) / scaling);
    vector.forEach((value, j) => (a[k * inFeatures + j] = root * value));
    image.forEach((value, i) => (b[i * rank + k] = value / (scaling * root || 1)));
  }
  return { a, b };
}

/**
 * The first right singular vectors, in double precision: those of the float32 decomposition less what their residuals
 * WᵀW·v - λ·v have of the others, v_i·(v_iᵀ·residual)/(λ_i - λ), and made orthogonal.
 */
function rightVectors(
  weight: Float32Array,
  { rank, inFeatures, outFeatures }: LowRankLayer,
  svd: Svd,
): Float64Array[] {
  const { s, v } = svd(weight, outFeatures, inFeatures);
  const count = s.length;
  const found: Float64Array[] = [];
  for (let k = 0; k < rank; k++) {
    const vector = Float64Array.from({ length: inFeatures }, (_, j) => v[j * count + k]!);
    const image = imageOf(weight, vector);
    const squared = image.reduce((sum, value) => sum + value ** 2, 0);
    const residual = vector.map((value) => -squared * value);
    image.forEach((value, i) => {
      for (let j = 0; j < inFeatures; j++) residual[j]! += value * weight[i * inFeatures + j]!;
    });
    for (let other = rank; other < count; other++) {
      let along = 0;
      for (let j = 0; j < inFeatures; j++) along += v[j * count + other]! * residual[j]!;
      const gap = squared - s[other]! ** 2;
      if (gap > 0) for (let j = 0; j < inFeatures; j++) vector[j]! += (along / gap) * v[j * count + other]!;
    }
    for (const before of found) {
      const along = before.reduce((sum, value, j) => sum + value * vector[j]!, 0);
      before.forEach((value, j) => (vector[j]! -= along * value));
    }
    const length = Math.hypot(...vector);
    found.push(vector.map((value) => value / length));
  }
  return found;
}

/** W·v */
function imageOf(weight: Float32Array, vector: Float64Array): Float64Array {
  const { length } = vector;
  return Float64Array.from({ length: weight.length / length }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < length; j++) sum += weight[i * length + j]! * vector[j]!;
    return sum;
  });
}

/** OLoRA (Büyükakyüz 2024): the first columns of Q and the first rows of R, W = Q·R. */
function ofQr(weight: Float32Array, { rank, inFeatures, outFeatures }: LowRankLayer): Factors {
  const { q, r } = qr(Float64Array.from(weight), outFeatures, inFeatures, rank);
  return { a: Float32Array.from(r), b: Float32Array.from(q) };
}

/** The first `count` columns of Q [rows,count] and rows of R [count,columns], by Householder's reflections as in LAPACK. */
function qr(
  matrix: Float64Array,
  rows: number,
  columns: number,
  count: number,
): { q: Float64Array; r: Float64Array } {
  const reflections: { from: number; vector: Float64Array }[] = [];
  for (let k = 0; k < count; k++) {
    const vector = Float64Array.from({ length: rows - k }, (_, i) => matrix[(k + i) * columns + k]!);
    if (vector.subarray(1).every((value) => value === 0)) continue;
    vector[0]! += Math.sign(vector[0]! || 1) * Math.hypot(...vector);
    const length = Math.hypot(...vector);
    reflections.push({ from: k, vector: vector.map((value) => value / length) });
    reflect(matrix, columns, reflections.at(-1)!);
  }
  const q = new Float64Array(rows * count);
  for (let k = 0; k < count; k++) q[k * count + k] = 1;
  for (const reflection of reflections.toReversed()) reflect(q, count, reflection);
  const r = matrix.slice(0, count * columns);
  for (let i = 0; i < count; i++) r.fill(0, i * columns, i * columns + i);
  return { q, r };
}

/** (I - 2·v·vᵀ)·M, in place, on the rows from `from` on. */
function reflect(
  matrix: Float64Array,
  columns: number,
  { from, vector }: { from: number; vector: Float64Array },
): void {
  const sums = new Float64Array(columns);
  vector.forEach((value, i) => {
    for (let j = 0, at = (from + i) * columns; j < columns; j++) sums[j]! += value * matrix[at + j]!;
  });
  vector.forEach((value, i) => {
    for (let j = 0, at = (from + i) * columns; j < columns; j++) matrix[at + j]! -= 2 * value * sums[j]!;
  });
}
