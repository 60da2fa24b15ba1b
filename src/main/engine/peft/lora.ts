/** LoRA (Hu et al. 2021): W + s·B·A with s = α/r, or α/√r (rsLoRA, Kalajdzievski 2023); files as PEFT 0.21's. */
import { lora as method } from '../../../shared/methods/lora.ts';
import type { SettingsValues } from '../../../shared/settings/setting.ts';
import type { Pcg64 } from '../../../shared/random/pcg64.ts';
import { droppedOut, keepScale } from '../graph/ops/dropout.ts';
import { scale } from '../graph/ops/elementwise.ts';
import { product } from '../graph/ops/linear.ts';
import type { LinearHook } from '../models/layers.ts';
import { parameterSpecs, walk, type ModuleNode } from '../models/module-tree.ts';
import type { ParameterSpec } from '../models/parameters.ts';
import { methodType, unchanged, type LowRankLayer, type PeftMethod } from './method.ts';
import { patternValues, targetedModules } from './targets.ts';

type LoraSettings = SettingsValues<typeof method.settings>;

/** Throws `peft/no-target` when the settings choose no module. */
export const lora = methodType(method, (model, settings): PeftMethod => {
  const layers = layersOf(model, settings);
  const at = (name: string, end: RegExp): LowRankLayer | undefined =>
    end.test(name) ? layers.get(name.replace(end, '')) : undefined;
  return {
    added: [...layers.values()].flatMap(({ rank, inFeatures, outFeatures, a, b }) => [
      { name: a, shape: [rank, inFeatures], trains: true },
      { name: b, shape: [outFeatures, rank], trains: true },
    ]),
    trainedBase: new Set(trainedBiases(model, settings.bias, layers)),
    targets: new Map(
      [...layers].map(([path, { rank, scaling }]) => [path, `LoRA r=${rank}, scaling ${scaling}`]),
    ),
    hooks: {
      linear(path) {
        const layer = layers.get(path);
        return layer && addedTo(layer, settings.lora_dropout);
      },
    },
    initialize: (spec, random) => firstValues(spec, random, settings.init_lora_weights),
    merge(name, value, added) {
      const layer = at(name, /\.weight$/);
      if (layer) addProduct(value, added(layer.b), added(layer.a), layer);
      return value;
    },
    fileKey(name) {
      const [, path = '', own = ''] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
      return unchanged.fileKey(layers.has(path) ? `${path}.base_layer.${own}` : name);
    },
    lowRank: {
      rank: Math.max(settings.r, ...Object.values(settings.rank_pattern)),
      layers,
      with: (rank, paths) => ({
        ...settings,
        r: rank,
        lora_alpha: rank,
        use_rslora: false,
        target_modules: paths,
        exclude_modules: null,
        layers_to_transform: null,
        layers_pattern: null,
        rank_pattern: {},
        alpha_pattern: {},
      }),
    },
  };
});

function layersOf(model: ModuleNode, settings: LoraSettings): Map<string, LowRankLayer> {
  const shapes = new Map([...walk(model)].map(({ path, node }) => [path, node.parameters?.[0]?.shape]));
  const paths = targetedModules(model, settings);
  const ranks = patternValues('rank_pattern', settings.rank_pattern, paths, settings.r);
  const alphas = patternValues('alpha_pattern', settings.alpha_pattern, paths, settings.lora_alpha);
  return new Map(
    paths.map((path, i) => {
      const rank = ranks[i]!;
      const [outFeatures, inFeatures] = shapes.get(path) as [number, number];
      const scaling = alphas[i]! / (settings.use_rslora ? Math.sqrt(rank) : rank);
      const [a, b] = [`${path}.lora_A.weight`, `${path}.lora_B.weight`];
      return [path, { path, rank, scaling, inFeatures, outFeatures, a, b }];
    }),
  );
}

/** x·Wᵀ + b + s·drop(x)·Aᵀ·Bᵀ; every constant goes into A, which is small. */
function addedTo({ scaling, a: nameOfA, b: nameOfB }: LowRankLayer, p: number): LinearHook {
  return (l, x, open, factor) => {
    const g = l.graph;
    const base = open(x);
    const source = p > 0 ? l.dropoutSource : undefined;
    const constant = factor * scaling * (source ? keepScale(p) : 1);
    const a = g.cast(scale(g, l.parameters.value(nameOfA, 'float32'), constant), x.dtype);
    const b = l.parameters.value(nameOfB, x.dtype);
    const input = source ? droppedOut(g, x, p, source) : x;
    return base.finish(product(g, product(g, input, a, true), b, true));
  };
}

/** A as torch's kaiming_uniform with a = √5, that is U(±1/√in), or N(0, 1/r); B zero. */
function firstValues({ name, shape }: ParameterSpec, random: Pcg64, kind: boolean | string): Float32Array {
  const values = new Float32Array(shape[0]! * shape[1]!);
  if (name.endsWith('.lora_B.weight') && kind !== false) return values;
  const bound = 1 / Math.sqrt(shape[1]!);
  const draw =
    kind === 'gaussian' ? () => random.standardNormal() / shape[0]! : () => (2 * random.random() - 1) * bound;
  return values.map(draw);
}

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
  { rank, scaling, inFeatures, outFeatures }: Omit<LowRankLayer, 'path' | 'a' | 'b'>,
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
