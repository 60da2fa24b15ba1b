import type { Graph, Tensor } from '../graph/graph.ts';
import {
  at,
  binary,
  concat,
  gather,
  range,
  reduce,
  reshape,
  shapeOf,
  splitRows,
  transpose,
  unary,
} from '../graph/ops/raw.ts';

/**
 * How a flat list of tokens [T,H] becomes the rectangles that attention needs, and back. `single`: the list has one row a
 * text [b,H], and rectangles one row each. Each way is the other's gradient.
 */
export abstract class AttentionLayout {
  /** Queries with the keys near them alone, where that is less than all of them. */
  local?: AttentionLayout;
  readonly headSize: number;
  protected readonly graph: Graph;
  protected readonly heads: number;
  private readonly window: number | undefined;
  private readonly nearBiases = new Map<string, Tensor>();

  constructor(graph: Graph, { heads, headSize, window }: Heads) {
    this.graph = graph;
    this.heads = heads;
    this.headSize = headSize;
    this.window = window;
  }

  /** [T,H] -> for each group [n,heads,S,D], or [b,H] -> [n,heads,1,D]. */
  split(x: Tensor, single = false): Tensor[] {
    const parts = this.rectangles(x, single);
    this.graph.record([x], parts, (slopes) => [
      this.list(
        slopes.map((d) => d!),
        single,
      ),
    ]);
    return parts;
  }

  /** Of keys and values: [n,heads,S,D] for each group. */
  splitKeys(x: Tensor): Tensor[] {
    return this.split(x);
  }

  join(parts: readonly Tensor[], single = false): Tensor {
    const x = this.list(parts, single);
    this.graph.record(parts, [x], ([d]) => (d ? this.rectangles(d, single) : []));
    return x;
  }

  /** Of a layout of all pairs what leaves those out that the window does; [S,S], or [1,S] of each text's first query. */
  nearBias(group: number, onlyFirst: boolean): Tensor {
    const known = this.nearBiases.get(`${group} ${onlyFirst}`);
    if (known) return known;
    const g = this.graph;
    const keys = reshape(g, range(g, this.length(group)), [1, -1]);
    const queries = onlyFirst ? g.constant('int32', [1, 1], [0]) : reshape(g, keys, [-1, 1]);
    const bias = windowBias(g, queries, keys, this.window!);
    this.nearBiases.set(`${group} ${onlyFirst}`, bias);
    return bias;
  }

  /** 0 for keys that are there and -1e9 for those that are not; broadcasts over [n,heads,Sq,S]. */
  abstract bias(group: number): Tensor | undefined;
  /** S of a group, an int32 number: each text stands in its row from the first cell on. */
  abstract length(group: number): Tensor;
  protected abstract rectangles(x: Tensor, single: boolean): Tensor[];
  protected abstract list(parts: readonly Tensor[], single: boolean): Tensor;

  protected get width(): number {
    return this.heads * this.headSize;
  }
}

export interface Heads {
  heads: number;
  headSize: number;
  /** In layers with a window: how far a key may be from its query. */
  window?: number;
}

/** What keeps a key from a query; exactly nothing is left of it, and twice that is within float16. */
const OUTSIDE = -30_000;

/** 0 for pairs of positions at most `window` apart, else too little to count; each int32, [..,Sq,1] and [..,1,S]. */
function windowBias(g: Graph, queries: Tensor, keys: Tensor, window: number): Tensor {
  const number = (value: number): Tensor => g.constant('int32', [], [value]);
  const beyond = binary(g, 'Sub', unary(g, 'Abs', binary(g, 'Sub', queries, keys)), number(window));
  const isBeyond = binary(g, 'Minimum', binary(g, 'Maximum', beyond, number(0)), number(1));
  return binary(g, 'Mul', g.cast(isBeyond, 'float32'), g.scalar(OUTSIDE));
}

/**
 * The texts of a batch in groups of similar length, each a rectangle. One gather brings tokens into cells, one
 * brings them back. Cells without a token hold the dummy token (row T-1), and the dummy token reads one of them:
 * so both index vectors are total, each is the other's gradient, and what flows through the dummy is zero. A batch
 * without such cells needs no dummy.
 */
export class GroupedLayout extends AttentionLayout {
  readonly inputs: Record<string, Tensor> = {};
  private readonly lengths: Tensor[] = [];
  private readonly cells: Tensor[] = [];
  private readonly biases: Tensor[] = [];
  private readonly tokens: Tensor;
  private readonly rows: Tensor;

  constructor(g: Graph, name: string, groups: number, of: Heads) {
    super(g, of);
    for (let i = 0; i < groups; i++) {
      const cells = g.placeholder(`${name}/cells_${i}`, 'int32', [-1, -1]);
      const bias = g.placeholder(`${name}/bias_${i}`, 'float32', [-1, -1]);
      this.inputs[`cells_${i}`] = cells;
      this.inputs[`bias_${i}`] = bias;
      this.lengths.push(at(g, shapeOf(g, cells), 1));
      this.cells.push(this.ofHeads(cells));
      this.biases.push(expand(g, expand(g, bias, 1), 1));
    }
    const token = g.placeholder(`${name}/token_cell`, 'int32', [-1]);
    const stride = g.placeholder(`${name}/head_stride`, 'int32', [-1]);
    const rows = g.placeholder(`${name}/group_rows`, 'int32', [groups]);
    Object.assign(this.inputs, { token_cell: token, head_stride: stride, group_rows: rows });
    const offsets = binary(g, 'Mul', reshape(g, stride, [-1, 1]), reshape(g, this.head, [1, this.heads]));
    this.tokens = binary(g, 'AddV2', reshape(g, token, [-1, 1]), offsets);
    this.rows = rows;
  }

  bias(group: number): Tensor {
    return this.biases[group]!;
  }

  length(group: number): Tensor {
    return this.lengths[group]!;
  }

  /** 0 … heads - 1 */
  protected get head(): Tensor {
    return this.graph.ints(...Array.from({ length: this.heads }, (_, i) => i));
  }

  /** Rows of [T·heads,D] for each head of the tokens in cells [n,S]: [n,heads,S]. */
  protected ofHeads(cells: Tensor): Tensor {
    const g = this.graph;
    const first = binary(g, 'Mul', expand(g, cells, 1), g.ints(this.heads));
    return binary(g, 'AddV2', first, reshape(g, this.head, [1, this.heads, 1]));
  }

  protected rectangles(x: Tensor, single: boolean): Tensor[] {
    const g = this.graph;
    if (!single) {
      const vectors = reshape(g, x, [-1, this.headSize]);
      return this.cells.map((cells) => gather(g, vectors, cells));
    }
    const parts = this.cells.length === 1 ? [x] : splitRows(g, x, this.rows, this.cells.length);
    return parts.map((part) => reshape(g, part, [-1, this.heads, 1, this.headSize]));
  }

  protected list(parts: readonly Tensor[], single: boolean): Tensor {
    const g = this.graph;
    const width = single ? this.width : this.headSize;
    const flat = parts.map((part) => reshape(g, part, [-1, width]));
    const vectors = concat(g, flat);
    return single ? vectors : reshape(g, gather(g, vectors, this.tokens), [-1, this.width]);
  }
}

/**
 * Queries in rectangles, each row with the keys that its window reaches. A key may stand in several rows: its gradient is
 * their sum, and where there are fewer a cell without a token stands in for them, whose gradient is zero.
 */
export class LocalLayout extends GroupedLayout {
  private readonly keys: Tensor[] = [];
  private readonly near: Tensor[] = [];
  private readonly places: Tensor;

  /** `positions` of each token in its text [T]. */
  constructor(g: Graph, name: string, groups: number, of: Required<Heads>, positions: Tensor) {
    super(g, name, groups, of);
    for (let i = 0; i < groups; i++) {
      const keys = g.placeholder(`${name}/keys_${i}`, 'int32', [-1, -1]);
      const cells = this.inputs[`cells_${i}`]!;
      this.inputs[`keys_${i}`] = keys;
      this.keys.push(this.ofHeads(keys));
      const asking = expand(g, gather(g, positions, cells), 2);
      const asked = expand(g, gather(g, positions, keys), 1);
      const within = expand(g, windowBias(g, asking, asked, of.window), 1);
      this.near.push(binary(g, 'AddV2', within, super.bias(i)));
    }
    const cell = g.placeholder(`${name}/key_cell`, 'int32', [-1, -1]);
    const stride = g.placeholder(`${name}/key_stride`, 'int32', [-1, -1]);
    Object.assign(this.inputs, { key_cell: cell, key_stride: stride });
    const offsets = binary(g, 'Mul', expand(g, stride, 1), reshape(g, this.head, [1, this.heads, 1]));
    this.places = binary(g, 'AddV2', expand(g, cell, 1), offsets);
  }

  override bias(group: number): Tensor {
    return this.near[group]!;
  }

  override splitKeys(x: Tensor): Tensor[] {
    const g = this.graph;
    const vectors = reshape(g, x, [-1, this.headSize]);
    const parts = this.keys.map((keys) => gather(g, vectors, keys));
    g.record([x], parts, (slopes) => {
      const flat = concat(
        g,
        slopes.map((d) => reshape(g, d!, [-1, this.headSize])),
      );
      // [T,heads,rows,D]
      const sum = reduce(g, 'Sum', gather(g, flat, this.places), 2, false);
      return [reshape(g, sum, [-1, this.width])];
    });
    return parts;
  }
}

/** One exact attention a text, for a fixed number of texts: no cells, no mask. The reference in tests. */
export class SequenceLayout extends AttentionLayout {
  readonly inputs: Record<string, Tensor>;
  private readonly lengths: Tensor;
  private readonly texts: number;

  constructor(g: Graph, name: string, texts: number, of: Heads) {
    super(g, of);
    this.texts = texts;
    this.lengths = g.placeholder(`${name}/lengths`, 'int32', [texts]);
    this.inputs = { lengths: this.lengths };
  }

  bias(): undefined {
    return undefined;
  }

  length(group: number): Tensor {
    return at(this.graph, this.lengths, group);
  }

  protected rectangles(x: Tensor, single: boolean): Tensor[] {
    const g = this.graph;
    const sizes = single ? g.ints(...Array.from({ length: this.texts }, () => 1)) : this.lengths;
    const length = single ? 1 : -1;
    const parts = this.texts === 1 && single ? [x] : splitRows(g, x, sizes, this.texts);
    return parts.map((part) => {
      const heads = transpose(g, reshape(g, part, [length, this.heads, this.headSize]), [1, 0, 2]);
      return reshape(g, heads, [1, this.heads, length, this.headSize]);
    });
  }

  protected list(parts: readonly Tensor[]): Tensor {
    const g = this.graph;
    const flat = parts.map((part) => {
      const tokens = transpose(g, reshape(g, part, [this.heads, -1, this.headSize]), [1, 0, 2]);
      return reshape(g, tokens, [-1, this.width]);
    });
    return concat(g, flat);
  }
}

function expand(g: Graph, x: Tensor, axis: number): Tensor {
  const attributes = { T: { type: x.dtype }, Tdim: { type: 'int32' } } as const;
  const shape = x.shape.toSpliced(axis, 0, 1);
  return g.op('ExpandDims', [x, g.constant('int32', [], [axis])], attributes, { dtype: x.dtype, shape });
}
