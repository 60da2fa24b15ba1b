import { Graph, type DataTypeName, type Tensor, type Variable } from '../graph/graph.ts';
import { at, binary, concat, range, reshape, shapeOf, transpose } from '../graph/ops/raw.ts';
import { AttentionLayout, type Heads } from '../models/attention-layout.ts';
import type { BaseModel, Head } from '../models/base-model.ts';
import type { InputName } from '../models/architecture.ts';
import { Layers } from '../models/layers.ts';
import { Parameters } from '../models/parameters.ts';
import type { TokenBatch } from '../models/token-inputs.ts';

/** A model as a graph that other programs can run: rectangles of ids [batch, length] in, logits or vectors out. */
export interface PortableGraph {
  graph: Graph;
  /** What the architecture takes, under the names of `transformers`; each [batch, length]. */
  inputs: Partial<Record<InputName, Tensor>>;
  /** `logits` [batch, labels], or `last_hidden_state` [batch, length, hidden]. */
  output: { name: string; tensor: Tensor };
  /** What each variable of the graph holds: a parameter of the model times a factor. */
  weights: { variable: Variable; name: string; factor: number }[];
}

/** `idType`: what the ids are fed as. Plain operations only, no kernel of one device. */
export function portableGraph(base: BaseModel, head: Head, idType: DataTypeName): PortableGraph {
  const g = new Graph();
  const { encoder } = base;
  const input = (name: InputName): Tensor => g.placeholder(name, idType, [-1, -1]);
  const [ids, mask] = [input('input_ids'), input('attention_mask')];
  const types = encoder.inputs.includes('token_type_ids') ? input('token_type_ids') : undefined;
  const parameters = new Parameters(g, base.parameters, new Set());
  const layers = new Layers({ graph: g, parameters, compute: 'float32', fused: false });
  const batch = tokenBatch(g, ids, mask, types, encoder.config.heads);
  const output = (): PortableGraph['output'] => {
    if (head !== 'none') return { name: 'logits', tensor: encoder.output(layers, batch) };
    const { hidden_size: size } = encoder.config;
    const hidden = encoder.encode(layers, batch, 'all');
    const shape = concat(g, [...sizesOf(g, ids), g.ints(size)]);
    const tensor = reshape(g, hidden, { tensor: shape, shape: [-1, -1, size] });
    return { name: 'last_hidden_state', tensor };
  };
  const inputs = { input_ids: ids, attention_mask: mask, ...(types ? { token_type_ids: types } : {}) };
  const made = output();
  g.signature('serving_default', inputs, { [made.name]: made.tensor });
  return {
    graph: g,
    inputs,
    output: made,
    weights: [...parameters.frozen.values()].flat(),
  };
}

/** [batch] and [length] of a matrix, as vectors of one number. */
function sizesOf(g: Graph, matrix: Tensor): [Tensor, Tensor] {
  const shape = shapeOf(g, matrix);
  return [reshape(g, at(g, shape, 0), [1]), reshape(g, at(g, shape, 1), [1])];
}

function tokenBatch(
  g: Graph,
  ids: Tensor,
  mask: Tensor,
  types: Tensor | undefined,
  heads: Heads,
): TokenBatch {
  const [texts, length] = sizesOf(g, ids);
  const flat = (matrix: Tensor): Tensor => reshape(g, g.cast(matrix, 'int32'), [-1]);
  const row = range(g, reshape(g, length, []));
  const zeros = binary(g, 'Mul', g.cast(ids, 'int32'), g.constant('int32', [], [0]));
  const missing = binary(g, 'Sub', g.scalar(1), g.cast(mask, 'float32'));
  // -30,000 leaves a masked key with exactly nothing in float32 and is within float16.
  const bias = binary(g, 'Mul', missing, g.scalar(-30_000));
  return {
    ids: flat(ids),
    types: types ? flat(types) : reshape(g, zeros, [-1]),
    positions: reshape(g, binary(g, 'AddV2', zeros, row), [-1]),
    first: binary(g, 'Mul', range(g, reshape(g, texts, [])), length),
    layout: new PaddedLayout(g, length, reshapeBias(g, bias, length), heads),
  };
}

/** [batch, length] -> [batch, 1, 1, length] */
function reshapeBias(g: Graph, bias: Tensor, length: Tensor): Tensor {
  const shape = concat(g, [g.ints(-1, 1, 1), length]);
  return reshape(g, bias, { tensor: shape, shape: [-1, 1, 1, -1] });
}

/** All texts in one rectangle, padding included; what is padding is left out by the bias. */
class PaddedLayout extends AttentionLayout {
  private readonly rowLength: Tensor;
  private readonly mask: Tensor;

  constructor(graph: Graph, length: Tensor, mask: Tensor, of: Heads) {
    super(graph, of);
    this.rowLength = length;
    this.mask = mask;
  }

  bias(): Tensor {
    return this.mask;
  }

  length(): Tensor {
    return reshape(this.graph, this.rowLength, []);
  }

  protected rectangles(x: Tensor, single: boolean): Tensor[] {
    const g = this.graph;
    if (single) return [reshape(g, x, [-1, this.heads, 1, this.headSize])];
    const shape = concat(g, [g.ints(-1), this.rowLength, g.ints(this.heads, this.headSize)]);
    const rectangle = reshape(g, x, { tensor: shape, shape: [-1, -1, this.heads, this.headSize] });
    return [transpose(g, rectangle, [0, 2, 1, 3])];
  }

  protected list([context]: readonly Tensor[], single: boolean): Tensor {
    const rows = single ? context! : transpose(this.graph, context!, [0, 2, 1, 3]);
    return reshape(this.graph, rows, [-1, this.width]);
  }
}
