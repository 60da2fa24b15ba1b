/** TensorFlow's operations as they are, without gradients: what recorded operations and gradients are made of. */
import type { Attribute, DataTypeName, Graph, Node, Shape, Tensor } from '../graph.ts';

const type = (dtype: DataTypeName): Attribute => ({ type: dtype });

/** Elementwise with broadcasting: AddV2, Sub, Mul, RealDiv, Minimum, … */
export function binary(g: Graph, op: string, a: Tensor, b: Tensor): Tensor {
  return g.op(op, [a, b], { T: type(a.dtype) }, { dtype: a.dtype, shape: broadcast(a.shape, b.shape) });
}

/** Elementwise: Exp, Erf, Tanh, Sqrt, Rsqrt, Square, Softmax, … */
export function unary(g: Graph, op: string, x: Tensor): Tensor {
  return g.op(op, [x], { T: type(x.dtype) }, { dtype: x.dtype, shape: x.shape });
}

export function reduce(
  g: Graph,
  op: 'Sum' | 'Mean' | 'Prod',
  x: Tensor,
  axis: number,
  keepDims: boolean,
): Tensor {
  const at = axis < 0 ? x.shape.length + axis : axis;
  const shape = keepDims ? x.shape.with(at, 1) : x.shape.toSpliced(at, 1);
  const attributes = { T: type(x.dtype), Tidx: type('int32'), keep_dims: { bool: keepDims } };
  return g.op(op, [x, g.ints(axis)], attributes, { dtype: x.dtype, shape });
}

/** `shape` as numbers (one may be -1), or as a tensor together with what is known of it. */
export function reshape(g: Graph, x: Tensor, shape: Shape | { tensor: Tensor; shape: Shape }): Tensor {
  const [tensor, known] = 'tensor' in shape ? [shape.tensor, shape.shape] : [g.ints(...shape), shape];
  return g.op(
    'Reshape',
    [x, tensor],
    { T: type(x.dtype), Tshape: type('int32') },
    { dtype: x.dtype, shape: known },
  );
}

export function transpose(g: Graph, x: Tensor, order: readonly number[]): Tensor {
  const shape = order.map((axis) => x.shape[axis]!);
  return g.op(
    'Transpose',
    [x, g.ints(...order)],
    { T: type(x.dtype), Tperm: type('int32') },
    { dtype: x.dtype, shape },
  );
}

/** Rows of `x` (axis 0) by index: shape of `index` followed by that of a row. */
export function gather(g: Graph, x: Tensor, index: Tensor): Tensor {
  const attributes = {
    batch_dims: { int: 0 },
    Tparams: type(x.dtype),
    Tindices: type('int32'),
    Taxis: type('int32'),
  };
  const shape = [...index.shape, ...x.shape.slice(1)];
  return g.op('GatherV2', [x, index, g.constant('int32', [], [0])], attributes, { dtype: x.dtype, shape });
}

/** One number of an int32 vector. */
export const at = (g: Graph, vector: Tensor, index: number): Tensor =>
  gather(g, vector, g.constant('int32', [], [index]));

/** 0 … count - 1 of an int32 number. */
export function range(g: Graph, count: Tensor): Tensor {
  const limits = [g.constant('int32', [], [0]), count, g.constant('int32', [], [1])];
  return g.op('Range', limits, { Tidx: type('int32') }, { dtype: 'int32', shape: [-1] });
}

interface Transposes {
  transposeA?: boolean;
  transposeB?: boolean;
}

const matrixProduct =
  (op: string, nameA: string, nameB: string) =>
  (g: Graph, a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: Transposes = {}): Tensor => {
    const shape = [...a.shape.slice(0, -2), a.axis(transposeA ? 1 : 2), b.axis(transposeB ? 2 : 1)];
    const attributes = { T: type(a.dtype), [nameA]: { bool: transposeA }, [nameB]: { bool: transposeB } };
    return g.op(op, [a, b], attributes, { dtype: a.dtype, shape });
  };

/** Product of matrices [m,k]·[k,n]. */
export const matMul = matrixProduct('MatMul', 'transpose_a', 'transpose_b');
/** The same over leading axes [..,m,k]·[..,k,n]. */
export const batchMatMul = matrixProduct('BatchMatMulV2', 'adj_x', 'adj_y');

/** oneDNN's matrix product with what follows it in the same pass. The first argument is the bias. */
export function fusedMatMul(
  g: Graph,
  a: Tensor,
  b: Tensor,
  transposeB: boolean,
  args: readonly Tensor[],
  fusedOps: readonly ('BiasAdd' | 'Add' | 'GeluExact')[],
): Tensor {
  const attributes: Record<string, Attribute> = {
    T: type(a.dtype),
    transpose_a: { bool: false },
    transpose_b: { bool: transposeB },
    num_args: { int: args.length },
    fused_ops: { strings: fusedOps },
    epsilon: { float: 1e-4 },
    leakyrelu_alpha: { float: 0.2 },
  };
  const shape = [a.axis(2), b.axis(transposeB ? 2 : 1)];
  return g.op('_FusedMatMul', [a, b, ...args], attributes, { dtype: a.dtype, shape });
}

/** Parts one after the other along an axis; of open length where a part's is. */
export function concat(g: Graph, parts: readonly Tensor[], axis = 0): Tensor {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const lengths = parts.map(({ shape }) => shape.at(axis)!);
  const length = lengths.includes(-1) ? -1 : lengths.reduce((a, b) => a + b);
  const shape = first.shape.with(axis, length);
  const attributes = { N: { int: parts.length }, T: type(first.dtype), Tidx: type('int32') };
  return g.op('ConcatV2', [...parts, g.constant('int32', [], [axis])], attributes, {
    dtype: first.dtype,
    shape,
  });
}

/** `x` from `begin`, as much of each axis as `size` says (two int32 vectors; -1: all that is left). */
export function slice(g: Graph, x: Tensor, begin: Tensor, size: Tensor, shape: Shape): Tensor {
  const attributes = { T: type(x.dtype), Index: type('int32') };
  return g.op('Slice', [x, begin, size], attributes, { dtype: x.dtype, shape });
}

/** Columns `from` to `from + count` of x [..,n]. */
export function columns(g: Graph, x: Tensor, from: number, count: number): Tensor {
  const along = (value: number, others: number): Tensor =>
    g.ints(...x.shape.slice(1).map(() => others), value);
  return slice(g, x, along(from, 0), along(count, -1), x.shape.with(-1, count));
}

/** Pieces of `x` along axis 0, `sizes[i]` rows each (an int32 tensor of length `count`). */
export function splitRows(g: Graph, x: Tensor, sizes: Tensor, count: number): Tensor[] {
  const output = { dtype: x.dtype, shape: [-1, ...x.shape.slice(1)] };
  const attributes = { num_split: { int: count }, T: type(x.dtype), Tlen: type('int32') };
  const outputs = Array.from({ length: count }, () => output);
  return g.node('SplitV', [x, sizes, g.constant('int32', [], [0])], attributes, outputs);
}

export function shapeOf(g: Graph, x: Tensor): Tensor {
  const attributes = { T: type(x.dtype), out_type: type('int32') };
  return g.op('Shape', [x], attributes, { dtype: 'int32', shape: [x.shape.length] });
}

/** The sum of all values before each one of a vector. */
export function cumulativeSum(g: Graph, x: Tensor): Tensor {
  const attributes = {
    ...{ T: type(x.dtype), Tidx: type('int32') },
    ...{ exclusive: { bool: true }, reverse: { bool: false } },
  };
  return g.op('Cumsum', [x, g.constant('int32', [], [0])], attributes, { dtype: x.dtype, shape: x.shape });
}

/** A vector of `length` uniform 32-bit words, a function of `seed` [2] alone; drawn when `after` is there. */
export function randomWords(g: Graph, length: Tensor, seed: Tensor, after: Node): Tensor {
  const attributes = { T: type('int32'), Tseed: type('int32'), dtype: type('int32') };
  return g.op('StatelessRandomUniformFullInt', [length, seed], attributes, { dtype: 'int32', shape: [-1] }, [
    after,
  ]);
}

function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m === 1) return n;
    if (n === 1) return m;
    return m === -1 ? n : m;
  });
}
