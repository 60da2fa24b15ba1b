/** DoRA (Liu et al. 2024): the rows of W + s·B·A at trained lengths m, as PEFT 0.21 has it. */
import type { Graph, Tensor } from '../graph/graph.ts';
import { droppedOut, keepScale } from '../graph/ops/dropout.ts';
import { add, multiply, scale } from '../graph/ops/elementwise.ts';
import { product } from '../graph/ops/linear.ts';
import { binary, matMul, reduce, unary } from '../graph/ops/raw.ts';
import type { LinearHook } from '../models/layers.ts';
import type { LowRankLayer } from './method.ts';

/** The trained lengths of a module's rows, [out]. */
export const lengthsName = (path: string): string => `${path}.lora_magnitude_vector`;

/**
 * g·(W + s·B·A)·x + b with g = m/‖W + s·B·A‖ row by row, the norm a constant to the gradient (section 4.3). Where inputs
 * are dropped, W·x + b + (g - 1)·W·drop(x) + g·s·B·A·drop(x). In bf16 g is float32: it moves by less than bf16 can tell.
 */
export function atLengths({ path, scaling, a: nameOfA, b: nameOfB }: LowRankLayer, p: number): LinearHook {
  return (l, x, open, factor, biasFactor) => {
    const g = l.graph;
    const base = open(x);
    const source = p > 0 ? l.dropoutSource : undefined;
    const weight = l.parameters.value(`${path}.weight`, x.dtype, factor);
    const a = scale(g, l.parameters.value(nameOfA, 'float32'), factor * scaling);
    const b = l.parameters.value(nameOfB, 'float32');
    const lengths = scale(g, l.parameters.value(lengthsName(path), 'float32'), factor);
    const gain = multiply(g, lengths, inverseNorms(g, g.cast(weight, 'float32'), a, b));
    const change = (input: Tensor): Tensor =>
      product(g, product(g, input, g.cast(a, x.dtype), true), g.cast(b, x.dtype), true);
    if (source) {
      const kept = droppedOut(g, x, p, source);
      const rest = scale(g, add(g, gain, g.scalar(-1)), keepScale(p));
      const ofBase = multiply(g, g.cast(product(g, kept, weight, true), 'float32'), rest);
      const ofChange = multiply(g, g.cast(change(kept), 'float32'), scale(g, gain, keepScale(p)));
      return base.finish(g.cast(add(g, ofBase, ofChange), x.dtype));
    }
    const y = multiply(g, g.cast(base.finish(change(x)), 'float32'), gain);
    if (!l.parameters.has(`${path}.bias`)) return g.cast(y, x.dtype);
    // The bias is not scaled: of g·b, which is in y, (1 - g)·b is missing.
    const bias = l.parameters.value(`${path}.bias`, 'float32', biasFactor);
    const missing = multiply(g, bias, add(g, scale(g, gain, -1), g.scalar(1)));
    return g.cast(add(g, y, missing), x.dtype);
  };
}

/**
 * 1/‖W + B·A‖ of each row, [out], without the sum itself: ‖W‖² + 2⟨W·Aᵀ, B⟩ + ⟨B·(A·Aᵀ), B⟩ (PEFT's PR 3387), for W
 * [out,in], A [r,in], B [out,r] in float32.
 */
function inverseNorms(g: Graph, weight: Tensor, a: Tensor, b: Tensor): Tensor {
  const crossed = matMul(g, weight, a, { transposeB: true });
  const squared = matMul(g, b, matMul(g, a, a, { transposeB: true }));
  const along = binary(g, 'AddV2', binary(g, 'Mul', crossed, g.scalar(2)), squared);
  const own = reduce(g, 'Sum', unary(g, 'Square', weight), 1, false);
  const squares = binary(g, 'AddV2', own, reduce(g, 'Sum', binary(g, 'Mul', along, b), 1, false));
  // A row of zeros stays one.
  return unary(g, 'Rsqrt', binary(g, 'Maximum', squares, g.scalar(1e-30)));
}

/** The lengths of the rows of a matrix; summed in double precision. */
export function rowLengths(matrix: Float32Array, rows: number): Float32Array {
  const width = matrix.length / rows;
  return Float32Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let j = i * width; j < (i + 1) * width; j++) sum += matrix[j]! ** 2;
    return Math.sqrt(sum);
  });
}

/** Gives the rows of a matrix other lengths, in place. */
export function setRowLengths(matrix: Float32Array, lengths: Float32Array): void {
  const width = matrix.length / lengths.length;
  for (const [i, length] of rowLengths(matrix, lengths.length).entries()) {
    const factor = length === 0 ? 0 : lengths[i]! / length;
    for (let j = i * width; j < (i + 1) * width; j++) matrix[j]! *= factor;
  }
}
