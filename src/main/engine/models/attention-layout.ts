import type { Graph, Tensor } from '../graph/graph.ts';
import { at, binary, concat, gather, reshape, shapeOf, splitRows, transpose } from '../graph/ops/raw.ts';

/**
 * How a flat list of tokens [T,H] becomes the rectangles that attention needs, and back. `single`: the list has one row a
 * text [b,H], and rectangles one row each. Each way is the other's gradient.
 */
export abstract class AttentionLayout {
  readonly headSize: number;
  protected readonly graph: Graph;
  protected readonly heads: number;

  constructor(graph: Graph, { heads, headSize }: Heads) {
    this.graph = graph;
    this.heads = heads;
    this.headSize = headSize;
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

  join(parts: readonly Tensor[], single = false): Tensor {
    const x = this.list(parts, single);
    this.graph.record(parts, [x], ([d]) => (d ? this.rectangles(d, single) : []));
    return x;
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
    const { heads } = of;
    const head = g.ints(...Array.from({ length: heads }, (_, i) => i));
    for (let i = 0; i < groups; i++) {
      const cells = g.placeholder(`${name}/cells_${i}`, 'int32', [-1, -1]);
      const bias = g.placeholder(`${name}/bias_${i}`, 'float32', [-1, -1]);
      this.inputs[`cells_${i}`] = cells;
      this.inputs[`bias_${i}`] = bias;
      const first = binary(g, 'Mul', expand(g, cells, 1), g.ints(heads));
      this.lengths.push(at(g, shapeOf(g, cells), 1));
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

  bias(group: number): Tensor {
    return this.biases[group]!;
  }

  length(group: number): Tensor {
    return this.lengths[group]!;
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
