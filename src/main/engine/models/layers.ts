import type { DataTypeName, Graph, Tensor } from '../graph/graph.ts';
import { dotProductAttention } from '../graph/ops/attention.ts';
import { droppedOut, keepScale, type DropoutSource } from '../graph/ops/dropout.ts';
import { geluTanh, halfGelu, multiply, relu, scale, silu, tanh } from '../graph/ops/elementwise.ts';
import { layerNorm } from '../graph/ops/layer-norm.ts';
import { geluLinear, openLinear, type OpenLinear } from '../graph/ops/linear.ts';
import { binary, gather } from '../graph/ops/raw.ts';
import { embedding } from '../graph/ops/rows.ts';
import type { AttentionLayout } from './attention-layout.ts';
import type { Parameters, ParameterSpec } from './parameters.ts';
import type { TokenBatch } from './token-inputs.ts';

/** A value that still has to be multiplied by a constant; the next linear layer folds it into its weights. */
export interface Scaled {
  tensor: Tensor;
  by: number;
}

export type Activation = 'gelu' | 'relu' | 'gelu_tanh' | 'silu' | 'tanh';

/** By the names that transformers has for them. */
export const activations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
  tanh: 'tanh',
};

/**
 * A linear layer on x: `open` takes the place of x·Wᵀ + b, of x or of what became of it. W and what stands beside it is
 * times `factor`, b and what stands beside that times `biasFactor`.
 */
export type LinearHook = (
  layers: Layers,
  x: Tensor,
  open: (x: Tensor) => OpenLinear,
  factor: number,
  biasFactor: number,
) => Tensor;

/** What an adapter does at the module `path` of a model that it is not merged into; undefined: nothing. */
export interface LayerHooks {
  linear?(path: string): LinearHook | undefined;
  /** What becomes of a norm's output; float32. */
  norm?(path: string): ((layers: Layers, y: Tensor) => Tensor) | undefined;
  /** What becomes of the rows that an embedding table has for `ids`; float32. */
  embedding?(path: string): ((layers: Layers, y: Tensor, ids: Tensor) => Tensor) | undefined;
}

/** What an adapter changes of a base model that is loaded: its values alone, or its layers too. */
export interface Adaptation {
  /** A parameter of the model, or an added one, by its engine name. */
  read(name: string): Promise<Float32Array>;
  /** Parameters that `hooks` use. */
  added: readonly ParameterSpec[];
  hooks?: LayerHooks | undefined;
}

export interface LayersOptions {
  graph: Graph;
  parameters: Parameters;
  /** Matrix products and attention are computed in this type, everything else in float32. */
  compute: 'float32' | 'bfloat16';
  /** Absent: evaluation; dropout does nothing. */
  dropout?: DropoutSource;
  hooks?: LayerHooks | undefined;
  /** Kernels that exist on the CPU only. */
  fused: boolean;
}

/** Queries and keys of a group of texts as attention has them. */
interface Rectangle {
  group: number;
  /** [n,heads,Sq,D], times the scale of their products with keys. */
  queries: Tensor;
  /** [n,heads,S,D] */
  keys: Tensor;
  /** S, an int32 number. */
  length: Tensor;
  /** Each text's first token alone asks: Sq is 1. */
  onlyFirst: boolean;
}

/** What is added to scores, if anything; broadcasts over [n,heads,Sq,S]. */
export type ScoreBias = (rectangle: Rectangle) => Tensor | undefined;

interface AttentionOptions {
  /** Of q·k; absent: 1/√D. */
  scale?: number;
  bias?: ScoreBias | undefined;
  /** Keys further from their query than the model's window are left out. */
  isLocal?: boolean;
}

const HALF_SQRT = Math.SQRT1_2;

/** The layers that models are written with. Paths are those of the checkpoint. */
export class Layers {
  readonly graph: Graph;
  readonly parameters: Parameters;
  private readonly options: LayersOptions;

  constructor(options: LayersOptions) {
    this.graph = options.graph;
    this.parameters = options.parameters;
    this.options = options;
  }

  get dropoutSource(): DropoutSource | undefined {
    return this.options.dropout;
  }

  /** Rows of the table `path`.weight; float32. */
  embedding(path: string, ids: Tensor): Tensor {
    const y = embedding(this.graph, this.parameters.value(`${path}.weight`, 'float32'), ids);
    return this.options.hooks?.embedding?.(path)?.(this, y, ids) ?? y;
  }

  /** LayerNorm, with a bias where the model has one, or RMSNorm; float32. */
  norm(path: string, x: Tensor, epsilon: number, kind: 'layer' | 'rms' = 'layer'): Tensor {
    const g = this.graph;
    const input = g.cast(x, 'float32');
    const gamma = this.parameters.value(`${path}.weight`, 'float32');
    const beta = this.bias(path, 'float32');
    const y = layerNorm(g, input, gamma, beta, epsilon, kind === 'layer');
    return this.options.hooks?.norm?.(path)?.(this, y) ?? y;
  }

  /** x·Wᵀ (+ b where the model has one), or what a hook makes of it. */
  linear(path: string, x: Tensor | Scaled, dtype: DataTypeName = this.options.compute): Tensor {
    const { tensor, by } = 'by' in x ? x : { tensor: x, by: 1 };
    const input = this.graph.cast(tensor, dtype);
    const build = (factor: number): Tensor => {
      const weight = this.parameters.value(`${path}.weight`, dtype, factor * by);
      const bias = this.bias(path, dtype, factor);
      const open = (into: Tensor): OpenLinear =>
        openLinear(this.graph, into, weight, bias, this.options.fused);
      const hook = this.options.hooks?.linear?.(path);
      const y = hook ? hook(this, input, open, factor * by, factor) : open(input).finish();
      y.rescaled = (again) => build(factor * again);
      return y;
    };
    return build(1);
  }

  /** A linear layer whose output goes into the residual stream, which is float32. */
  residual(path: string, x: Tensor | Scaled): Tensor {
    return this.graph.cast(this.linear(path, x), 'float32');
  }

  /** A linear layer, and its activation in float32. */
  activatedLinear(
    path: string,
    x: Tensor,
    activation: Activation,
    dtype: DataTypeName = this.options.compute,
  ): Scaled {
    const g = this.graph;
    const { dropout, hooks, fused } = this.options;
    const plain = !dropout && !hooks?.linear?.(path) && this.parameters.has(`${path}.bias`);
    if (activation === 'gelu' && plain && fused) {
      const weight = this.parameters.value(`${path}.weight`, dtype);
      const bias = this.parameters.value(`${path}.bias`, dtype);
      return { tensor: geluLinear(g, g.cast(x, dtype), weight, bias), by: 1 };
    }
    const y = g.cast(this.linear(path, x, dtype), 'float32');
    return this.activated(y, activation);
  }

  /** down_proj(activation(gate_proj x) · up_proj x) (Shazeer 2020); float32. */
  gatedUnit(path: string, x: Tensor, activation: Activation): Tensor {
    const { tensor, by } = this.activatedLinear(`${path}.gate_proj`, x, activation);
    const up = this.graph.cast(this.linear(`${path}.up_proj`, x), 'float32');
    const gated = multiply(this.graph, this.graph.cast(tensor, 'float32'), up);
    return this.residual(`${path}.down_proj`, { tensor: gated, by });
  }

  /** An activation of what a linear layer gave; float32. */
  activated(y: Tensor, activation: Activation): Scaled {
    const g = this.graph;
    if (activation === 'gelu') return { tensor: halfGelu(g, this.rescale(y, HALF_SQRT)), by: HALF_SQRT };
    return { tensor: { relu, gelu_tanh: geluTanh, silu, tanh }[activation](g, y), by: 1 };
  }

  dropout(x: Tensor, p: number): Tensor {
    const source = this.options.dropout;
    if (!source || p === 0) return x;
    return droppedOut(this.graph, this.rescale(x, keepScale(p)), p, source);
  }

  /** Multi-head attention of q over k and v ([T,H] each, or [b,H] for q when each text's first token asks), in the type of v. */
  attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    all: AttentionLayout,
    p: number,
    oneQueryEach: boolean,
    { scale = 1 / Math.sqrt(all.headSize), bias, isLocal = false }: AttentionOptions = {},
  ): Tensor {
    const source = this.options.dropout;
    const dropout = source && p > 0 ? { p, source } : undefined;
    const queries = this.graph.cast(this.rescale(q, scale), v.dtype);
    const values = dropout ? this.rescale(v, keepScale(p)) : v;
    const layout = isLocal && !oneQueryEach && all.local ? all.local : all;
    const asking = layout.split(queries, oneQueryEach);
    const keys = layout.splitKeys(this.graph.cast(k, v.dtype));
    const contents = layout.splitKeys(values);
    const contexts = asking.map((query, group) => {
      const mask = layout.bias(group);
      const near = isLocal && layout === all ? all.nearBias(group, oneQueryEach) : undefined;
      const length = layout.length(group);
      const added = bias?.({ group, queries: query, keys: keys[group]!, length, onlyFirst: oneQueryEach });
      const biases = [mask, near, added].filter((term) => term !== undefined);
      return dotProductAttention(this.graph, query, keys[group]!, contents[group]!, biases, dropout);
    });
    return layout.join(contexts, oneQueryEach);
  }

  /** Of each text the mean over its tokens of x [T,H]: what attention gives where all keys count alike; [b,H]. */
  mean(x: Tensor, { layout, first }: Pick<TokenBatch, 'layout' | 'first'>): Tensor {
    const alike = binary(this.graph, 'Mul', gather(this.graph, x, first), this.graph.scalar(0));
    return this.attention(alike, x, x, layout, 0, true);
  }

  private bias(path: string, dtype: DataTypeName, factor = 1): Tensor | undefined {
    const name = `${path}.bias`;
    return this.parameters.has(name) ? this.parameters.value(name, dtype, factor) : undefined;
  }

  /** x times a constant, at no cost where a linear layer's weights can have it in them. */
  rescale(x: Tensor, factor: number): Tensor {
    return x.rescaled ? x.rescaled(factor) : scale(this.graph, x, factor);
  }
}
