/** LoRA (Hu et al. 2021): W + s·B·A with s = α/r, or α/√r (rsLoRA, Kalajdzievski 2023); files as PEFT 0.21's. */
import { fault } from '../../../shared/faults/index.ts';
import { lora as method } from '../../../shared/methods/lora.ts';
import type { SettingsValues } from '../../../shared/settings/setting.ts';
import { droppedOut, keepScale } from '../graph/ops/dropout.ts';
import { add, scale, transposed } from '../graph/ops/elementwise.ts';
import { product } from '../graph/ops/linear.ts';
import { embedding } from '../graph/ops/rows.ts';
import type { LayerHooks, LinearHook } from '../models/layers.ts';
import { parameterSpecs, walk, type ModuleNode } from '../models/module-tree.ts';
import { atLengths, lengthsName, rowLengths, setRowLengths } from './dora.ts';
import {
  methodType,
  unchanged,
  type AddedParameter,
  type LowRank,
  type LowRankLayer,
  type PeftMethod,
} from './method.ts';
import { firstValues, takenOut } from './starts.ts';
import { patternValues, targetedModules } from './targets.ts';
import { tokenRows } from './token-rows.ts';

type LoraSettings = SettingsValues<typeof method.settings>;

/** A module with A and B; of an embedding, whose weight is [rows, columns], they give the transpose. */
interface Layer extends LowRankLayer {
  isTable: boolean;
}

/** Throws `peft/no-target` when the settings choose no module, `peft/embedding`, `peft/token-index`, `peft/start-rank`. */
export const lora = methodType(method, (model, settings): PeftMethod => {
  const { use_dora: decomposes, lora_bias: shifts, lora_dropout: dropout } = settings;
  const layers = layersOf(model, settings);
  const linear = new Map([...layers].filter(([, { isTable }]) => !isTable));
  const tokens = settings.trainable_token_indices && tokenRows(model, settings.trainable_token_indices);
  checkTables(layers, settings, tokens?.path);
  const kind = decomposes ? 'DoRA' : 'LoRA';
  const isPlain = !decomposes && !shifts && !tokens && linear.size === layers.size;
  const start = takenOut(linear, settings);
  const parameters = new Set(parameterSpecs(model).map(({ name }) => name));
  const unbiased = shifts && [...layers.keys()].find((path) => !parameters.has(`${path}.bias`));
  return {
    added: [...[...layers.values()].flatMap((layer) => addedBy(layer, settings)), ...(tokens?.added ?? [])],
    trainedBase: new Set(trainedBiases([...parameters], settings.bias, layers)),
    targets: new Map(
      [...layers].map(([path, { rank, scaling }]) => [path, `${kind} r=${rank}, scaling ${scaling}`]),
    ),
    hooks: {
      linear(path) {
        const layer = linear.get(path);
        if (!layer) return undefined;
        return decomposes ? atLengths(layer, dropout) : addedTo(layer, dropout, shifts);
      },
      embedding(path) {
        const layer = layers.get(path);
        if (layer) return addedToRows(layer);
        return path === tokens?.path ? tokens.hook : undefined;
      },
    },
    async initialize(spec, random, read) {
      const [, path = '', own = ''] = /^(.*)\.([^.]+)$/.exec(spec.name)!;
      if (own === 'trainable_tokens_delta') return tokens!.rowsOf(await read(`${tokens!.path}.weight`));
      if (own !== 'lora_magnitude_vector') return firstValues(spec, random, settings.init_lora_weights);
      const layer = layers.get(path)!;
      const weight = await read(`${path}.weight`);
      addProduct(weight, await read(layer.b), await read(layer.a), layer);
      return rowLengths(weight, layer.outFeatures);
    },
    merge(name, value, added) {
      const [, path = '', own = ''] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
      if (path !== '' && path === tokens?.path) tokens.put(value, added);
      const layer = layers.get(path);
      if (!layer) return value;
      if (own === 'bias') {
        if (shifts) added(biasName(path)).forEach((shift, i) => (value[i]! += layer.scaling * shift));
      } else if (layer.isTable) addToTable(value, added(layer.b), added(layer.a), layer);
      else {
        addProduct(value, added(layer.b), added(layer.a), layer);
        if (decomposes) setRowLengths(value, added(lengthsName(path)));
      }
      return value;
    },
    fileKey(name) {
      const [, path = '', own = ''] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
      return unchanged.fileKey(layers.has(path) ? `${path}.base_layer.${own}` : name);
    },
    ...(isPlain ? { lowRank: lowRankOf(linear, settings) } : {}),
    ...(start ? { takenOut: start } : {}),
    ...(unbiased ? { unmergeable: `lora_bias shifts what ${unbiased} gives, which has no bias` } : {}),
  };
});

const lowRankOf = (layers: LowRank['layers'], settings: LoraSettings): LowRank => ({
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
});

function layersOf(model: ModuleNode, settings: LoraSettings): Map<string, Layer> {
  const modules = new Map([...walk(model)].map(({ path, node }) => [path, node]));
  const paths = targetedModules(model, settings, tablesOf(model));
  const ranks = patternValues('rank_pattern', settings.rank_pattern, paths, settings.r);
  const alphas = patternValues('alpha_pattern', settings.alpha_pattern, paths, settings.lora_alpha);
  return new Map(
    paths.map((path, i) => {
      const rank = ranks[i]!;
      const { type, parameters } = modules.get(path)!;
      const isTable = type === 'Embedding';
      const shape = parameters![0]!.shape as [number, number];
      const [outFeatures, inFeatures] = isTable ? [shape[1], shape[0]] : shape;
      const scaling = alphas[i]! / (settings.use_rslora ? Math.sqrt(rank) : rank);
      const name = (own: 'A' | 'B'): string =>
        isTable ? `${path}.lora_embedding_${own}` : `${path}.lora_${own}.weight`;
      return [path, { path, rank, scaling, inFeatures, outFeatures, a: name('A'), b: name('B'), isTable }];
    }),
  );
}

/** Tables that words, their places and types are looked up in: that of words comes first, and the others beside it. */
function tablesOf(model: ModuleNode): string[] {
  const tables = [...walk(model)].filter(({ node }) => node.type === 'Embedding').map(({ path }) => path);
  const parent = (path: string): string => path.replace(/[^.]*$/, '');
  return tables.filter((path) => parent(path) === parent(tables[0]!));
}

/** What PEFT refuses on an embedding, and DoRA, which would measure the whole table at every step. */
function checkTables(
  layers: ReadonlyMap<string, Layer>,
  { use_dora: decomposes, lora_bias: shifts }: LoraSettings,
  tokens: string | undefined,
): void {
  for (const { path, isTable } of layers.values()) {
    if (!isTable) continue;
    const field = decomposes
      ? 'use_dora'
      : shifts
        ? 'lora_bias'
        : path === tokens
          ? 'trainable_token_indices'
          : null;
    if (field) throw fault('peft/embedding', { field, module: path });
  }
}

const biasName = (path: string): string => `${path}.lora_B.bias`;

function addedBy(
  { path, rank, inFeatures, outFeatures, a, b }: Layer,
  { use_dora: decomposes, lora_bias: shifts }: LoraSettings,
): AddedParameter[] {
  return [
    { name: a, shape: [rank, inFeatures], trains: true },
    ...(shifts ? [{ name: biasName(path), shape: [outFeatures], trains: true }] : []),
    { name: b, shape: [outFeatures, rank], trains: true },
    ...(decomposes ? [{ name: lengthsName(path), shape: [outFeatures], trains: true }] : []),
  ];
}

/** x·Wᵀ + b + s·(drop(x)·Aᵀ·Bᵀ + b'); every constant goes into A, which is small. */
function addedTo(
  { path, scaling, a: nameOfA, b: nameOfB }: LowRankLayer,
  p: number,
  shifts: boolean,
): LinearHook {
  return (l, x, open, factor, biasFactor) => {
    const g = l.graph;
    const base = open(x);
    const source = p > 0 ? l.dropoutSource : undefined;
    const constant = factor * scaling * (source ? keepScale(p) : 1);
    const a = g.cast(scale(g, l.parameters.value(nameOfA, 'float32'), constant), x.dtype);
    const b = l.parameters.value(nameOfB, x.dtype);
    const input = source ? droppedOut(g, x, p, source) : x;
    const change = product(g, product(g, input, a, true), b, true);
    if (!shifts) return base.finish(change);
    const shift = scale(g, l.parameters.value(biasName(path), 'float32'), biasFactor * scaling);
    return base.finish(add(g, change, g.cast(shift, x.dtype)));
  };
}

/** Rows of W + s·(B·A)ᵀ; PEFT has no dropout there. */
function addedToRows({
  scaling,
  a: nameOfA,
  b: nameOfB,
}: Layer): ReturnType<NonNullable<LayerHooks['embedding']>> {
  return (l, y, ids) => {
    const g = l.graph;
    const a = transposed(g, scale(g, l.parameters.value(nameOfA, 'float32'), scaling), [1, 0]);
    return add(g, y, product(g, embedding(g, a, ids), l.parameters.value(nameOfB, 'float32'), true));
  };
}

function trainedBiases(
  parameters: readonly string[],
  bias: LoraSettings['bias'],
  layers: ReadonlyMap<string, unknown>,
): string[] {
  if (bias === 'none') return [];
  const all = parameters.filter((name) => name.endsWith('.bias'));
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

/** table [in,out] += scaling · (b·a)ᵀ, b [out,r], a [r,in] */
function addToTable(table: Float32Array, b: Float32Array, a: Float32Array, layer: LowRankLayer): void {
  const { rank, inFeatures, outFeatures } = layer;
  const turned = (matrix: Float32Array, rows: number, columns: number): Float32Array =>
    matrix.map((_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!);
  const sizes = { ...layer, inFeatures: outFeatures, outFeatures: inFeatures };
  addProduct(table, turned(a, rank, inFeatures), turned(b, outFeatures, rank), sizes);
}
