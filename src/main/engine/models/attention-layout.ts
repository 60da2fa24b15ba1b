import type { Graph, Tensor } from '../graph/graph.ts';
import { binary, concat, gather, reshape, splitRows, transpose } from '../graph/ops/raw.ts';

/**
 * How a flat list of tokens [T,H] becomes the rectangles that attention needs, and back.
 * `…Rows` do the same for one row a text [b,H].
 */
export interface AttentionLayout {
  readonly headSize: number;
  /** [T,H] -> for each group [n,heads,S,D]. */
  split(x: Tensor): Tensor[];
  join(parts: readonly Tensor[]): Tensor;
  /** [b,H] -> for each group [n,heads,1,D]. */
  splitRows(x: Tensor): Tensor[];
  joinRows(parts: readonly Tensor[]): Tensor;
  /** 0 for keys that are there and -1e9 for those that are not; broadcasts over [n,heads,Sq,S]. */
  bias(group: number): Tensor | undefined;
}

export interface Heads {
  heads: number;
  headSize: number;
}

/**
 * The texts of a batch in groups of similar length, each a rectangle. One gather brings tokens into cells, one
 * brings them back. Cells without a token hold the dummy token (row T-1), and the dummy token reads one of them:
 * so both index vectors are total, each is the other's gradient, and what flows through the dummy is zero. A batch
 * without such cells needs no dummy.
 */
export class GroupedLayout implements AttentionLayout {
  readonly headSize: number;
  readonly inputs: Record<string, Tensor> = {};
  private readonly graph: Graph;
  private readonly heads: number;
  private readonly cells: Tensor[] = [];
  private readonly biases: Tensor[] = [];
  private readonly tokens: Tensor;
  private readonly rows: Tensor;

  constructor(graph: Graph, name: string, groups: number, { heads, headSize }: Heads) {
    this.graph = graph;
    this.heads = heads;
    this.headSize = headSize;
    const g = graph;
    const head = g.ints(...Array.from({ length: heads }, (_, i) => i));
    for (let i = 0; i < groups; i++) {
      const cells = g.placeholder(`${name}/cells_${i}`, 'int32', [-1, -1]);
      const bias = g.placeholder(`${name}/bias_${i}`, 'float32', [-1, -1]);
      this.inputs[`cells_${i}`] = cells;
      this.inputs[`bias_${i}`] = bias;
      const first = binary(g, 'Mul', expand(g, cells, 1), g.ints(heads));
      this.cells.push(binary(g, 'AddV2', first, reshape(g, head, [1, heads, 1])));
      this.biases.push(expand(g, expand(g, bias, 1), 1));
    }
    const token = g.placeholder(`${name}/token_cell`, 'int32', [-1]);
    const stride = g.placeholder(`${name}/head_stride`, 'int32', [-1]);
    const rows = g.placeholder(`${name}/group_rows`, 'int32', [groups]);
    Object.assign(this.inputs, { token_cell: token, head_stride: stride, group_rows: rows });
    const offsets = binary(g, 'Mul', reshape(g, stride, [-1, 1]), reshape(g, head, [1, heads]));
    this.tokens = binary(g, 'AddV2', reshape(g, token, [-1, 1]), offsets);
    this.rows = rows;
  }

  split(x: Tensor): Tensor[] {
    const parts = this.toCells(x);
    this.graph.record([x], parts, (gradients) => [this.toTokens(gradients.map((d) => d!))]);
    return parts;
  }

  join(parts: readonly Tensor[]): Tensor {
    const x = this.toTokens(parts);
    this.graph.record(parts, [x], ([d]) => (d ? this.toCells(d) : []));
    return x;
  }

  splitRows(x: Tensor): Tensor[] {
    const parts = this.rowsApart(x);
    this.graph.record([x], parts, (gradients) => [this.rowsTogether(gradients.map((d) => d!))]);
    return parts;
  }

  joinRows(parts: readonly Tensor[]): Tensor {
    const x = this.rowsTogether(parts);
    this.graph.record(parts, [x], ([d]) => (d ? this.rowsApart(d) : []));
    return x;
  }

  bias(group: number): Tensor {
    return this.biases[group]!;
  }

  private get width(): number {
    return this.heads * this.headSize;
  }

  private toCells(x: Tensor): Tensor[] {
    const vectors = reshape(this.graph, x, [-1, this.headSize]);
    return this.cells.map((cells) => gather(this.graph, vectors, cells));
  }

  private toTokens(parts: readonly Tensor[]): Tensor {
    const g = this.graph;
    const vectors = concat(
      g,
      parts.map((part) => reshape(g, part, [-1, this.headSize])),
      [-1, this.headSize],
    );
    return reshape(g, gather(g, vectors, this.tokens), [-1, this.width]);
  }

  private rowsApart(x: Tensor): Tensor[] {
    const parts = this.cells.length === 1 ? [x] : splitRows(this.graph, x, this.rows, this.cells.length);
    return parts.map((part) => reshape(this.graph, part, [-1, this.heads, 1, this.headSize]));
  }

  private rowsTogether(parts: readonly Tensor[]): Tensor {
    return concat(
      this.graph,
      parts.map((part) => reshape(this.graph, part, [-1, this.width])),
      [-1, this.width],
    );
  }
}

/** One exact attention a text, for a fixed number of texts: no cells, no mask. The reference in tests. */
export class SequenceLayout implements AttentionLayout {
  readonly headSize: number;
  readonly inputs: Record<string, Tensor>;
  private readonly graph: Graph;
  private readonly heads: number;
  private readonly lengths: Tensor;
  private readonly texts: number;

  constructor(graph: Graph, name: string, texts: number, { heads, headSize }: Heads) {
    this.graph = graph;
    this.heads = heads;
    this.headSize = headSize;
    this.texts = texts;
    this.lengths = graph.placeholder(`${name}/lengths`, 'int32', [texts]);
    this.inputs = { lengths: this.lengths };
  }

  split(x: Tensor): Tensor[] {
    return this.recorded(x, this.lengths, -1);
  }

  splitRows(x: Tensor): Tensor[] {
    return this.recorded(x, this.ones(), 1);
  }

  join(parts: readonly Tensor[]): Tensor {
    const x = this.together(parts);
    this.graph.record(parts, [x], ([d]) => (d ? this.apart(d, this.lengths, -1) : []));
    return x;
  }

  joinRows(parts: readonly Tensor[]): Tensor {
    const x = this.together(parts);
    this.graph.record(parts, [x], ([d]) => (d ? this.apart(d, this.ones(), 1) : []));
    return x;
  }

  bias(): undefined {
    return undefined;
  }

  private recorded(x: Tensor, sizes: Tensor, length: number): Tensor[] {
    const parts = this.apart(x, sizes, length);
    this.graph.record([x], parts, (gradients) => [this.together(gradients.map((d) => d!))]);
    return parts;
  }

  private ones(): Tensor {
    return this.graph.ints(...Array.from({ length: this.texts }, () => 1));
  }

  private apart(x: Tensor, sizes: Tensor, length: number): Tensor[] {
    const g = this.graph;
    const parts = this.texts === 1 && length === 1 ? [x] : splitRows(g, x, sizes, this.texts);
    return parts.map((part) => {
      const heads = transpose(g, reshape(g, part, [length, this.heads, this.headSize]), [1, 0, 2]);
      return reshape(g, heads, [1, this.heads, length, this.headSize]);
    });
  }

  private together(parts: readonly Tensor[]): Tensor {
    const g = this.graph;
    const width = this.heads * this.headSize;
    const flat = parts.map((part) => {
      const tokens = transpose(g, reshape(g, part, [this.heads, -1, this.headSize]), [1, 0, 2]);
      return reshape(g, tokens, [-1, width]);
    });
    return concat(g, flat, [-1, width]);
  }
}

function expand(g: Graph, x: Tensor, axis: number): Tensor {
  const attributes = { T: { type: x.dtype }, Tdim: { type: 'int32' } } as const;
  const shape = x.shape.toSpliced(axis, 0, 1);
  return g.op('ExpandDims', [x, g.constant('int32', [], [axis])], attributes, { dtype: x.dtype, shape });
}
