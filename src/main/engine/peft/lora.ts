/** LoRA (Hu et al. 2021): W + s·B·A with s = α/r, or α/√r (rsLoRA, Kalajdzievski 2023); files as PEFT 0.21's. */
import type { Pcg64 } from '../../../shared/random/pcg64.ts';
import type { Tensor } from '../graph/graph.ts';
import { droppedOut, keepScale } from '../graph/ops/dropout.ts';
import { scale } from '../graph/ops/elementwise.ts';
import { product, type OpenLinear } from '../graph/ops/linear.ts';
import type { AdaptedLinear, Layers } from '../models/layers.ts';
import { parameterSpecs, walk, type ModuleNode } from '../models/module-tree.ts';
import type { ParameterSpec } from '../models/parameters.ts';
import type { PeftMethod } from './method.ts';
import { patternValues, targetedModules, type TargetRules } from './targets.ts';

export interface LoraSettings extends TargetRules {
  r: number;
  lora_alpha: number;
  lora_dropout: number;
  bias: 'none' | 'all' | 'lora_only';
  use_rslora: boolean;
  rank_pattern: Readonly<Record<string, number>>;
  alpha_pattern: Readonly<Record<string, number>>;
  init_lora_weights: boolean | 'gaussian';
}

/** One adapted module: A [r, in], B [out, r]. */
interface LoraLayer {
  path: string;
  rank: number;
  scaling: number;
  inFeatures: number;
  outFeatures: number;
}

export class Lora implements PeftMethod {
  readonly layers: ReadonlyMap<string, LoraLayer>;
  readonly added: readonly ParameterSpec[];
  readonly trainedBase: ReadonlySet<string>;
  private readonly settings: LoraSettings;

  /** Throws `peft/no-target` when the settings choose no module. */
  constructor(model: ModuleNode, settings: LoraSettings) {
    this.settings = settings;
    const shapes = new Map([...walk(model)].map(({ path, node }) => [path, node.parameters?.[0]?.shape]));
    const paths = targetedModules(model, settings);
    const ranks = patternValues('rank_pattern', settings.rank_pattern, paths, settings.r);
    const alphas = patternValues('alpha_pattern', settings.alpha_pattern, paths, settings.lora_alpha);
    const layers = paths.map((path, i): LoraLayer => {
      const rank = ranks[i]!;
      const alpha = alphas[i]!;
      const [outFeatures, inFeatures] = shapes.get(path) as [number, number];
      const scaling = settings.use_rslora ? alpha / Math.sqrt(rank) : alpha / rank;
      return { path, rank, scaling, inFeatures, outFeatures };
    });
    this.layers = new Map(layers.map((layer) => [layer.path, layer]));
    this.added = layers.flatMap(({ path, rank, inFeatures, outFeatures }) => [
      { name: nameOfA(path), shape: [rank, inFeatures] },
      { name: nameOfB(path), shape: [outFeatures, rank] },
    ]);
    this.trainedBase = new Set(trainedBiases(model, settings.bias, this.layers));
  }

  /** A as torch's kaiming_uniform with a = √5, that is U(±1/√in), or N(0, 1/r); B zero. */
  initialize({ name, shape }: ParameterSpec, random: Pcg64): Float32Array {
    const values = new Float32Array(shape[0]! * shape[1]!);
    const { init_lora_weights: kind } = this.settings;
    if (name.endsWith('.lora_B.weight') && kind !== false) return values;
    const bound = 1 / Math.sqrt(shape[1]!);
    const draw =
      kind === 'gaussian'
        ? () => random.standardNormal() / shape[0]!
        : () => (2 * random.random() - 1) * bound;
    return values.map(draw);
  }

  layerAt(path: string): AdaptedLinear | undefined {
    const layer = this.layers.get(path);
    if (!layer) return undefined;
    const p = this.settings.lora_dropout;
    return {
      /** x·Wᵀ + b + s·drop(x)·Aᵀ·Bᵀ; every constant goes into A, which is small. */
      forward(l: Layers, _path: string, x: Tensor, open: OpenLinear, factor: number): Tensor {
        const g = l.graph;
        const source = p > 0 ? l.dropoutSource : undefined;
        const constant = factor * layer.scaling * (source ? keepScale(p) : 1);
        const a = g.cast(scale(g, l.parameters.value(nameOfA(path), 'float32'), constant), x.dtype);
        const b = l.parameters.value(nameOfB(path), x.dtype);
        const input = source ? droppedOut(g, x, p, source) : x;
        return open.finish(product(g, product(g, input, a, true), b, true));
      },
    };
  }

  merge(name: string, value: Float32Array, added: (name: string) => Float32Array): Float32Array {
    const layer = this.layers.get(name.replace(/\.weight$/, ''));
    if (!layer || !name.endsWith('.weight')) return value;
    addProduct(value, added(nameOfB(layer.path)), added(nameOfA(layer.path)), layer);
    return value;
  }

  fileKey(name: string): string {
    const [, path, own] = /^(.*)\.([^.]+)$/.exec(name) as unknown as [string, string, string];
    return this.layers.has(path) ? `base_model.model.${path}.base_layer.${own}` : `base_model.model.${name}`;
  }
}

const nameOfA = (path: string): string => `${path}.lora_A.weight`;
const nameOfB = (path: string): string => `${path}.lora_B.weight`;

function trainedBiases(
  model: ModuleNode,
  bias: LoraSettings['bias'],
  layers: ReadonlyMap<string, unknown>,
): string[] {
  if (bias === 'none') return [];
  const all = parameterSpecs(model)
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.bias'));
  return bias === 'all' ? all : all.filter((name) => layers.has(name.replace(/\.bias$/, '')));
}

/** weight [out,in] += scaling · b [out,r] · a [r,in]; each sum in double precision, rounded once. */
export function addProduct(
  weight: Float32Array,
  b: Float32Array,
  a: Float32Array,
  { rank, scaling, inFeatures, outFeatures }: Omit<LoraLayer, 'path'>,
): void {
  const row = new Float64Array(inFeatures);
  for (let i = 0; i < outFeatures; i++) {
    row.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = b[i * rank + k]!;
      const from = k * inFeatures;
      for (let j = 0; j < inFeatures; j++) row[j]! += factor * a[from + j]!;
    }
    const at = i * inFeatures;
    for (let j = 0; j < inFeatures; j++) weight[at + j]! += scaling * row[j]!;
  }
}
