import type { Graph, Tensor } from '../graph.ts';
import { binary, reduce, reshape, transpose, unary } from './raw.ts';

/** a + b, each broadcast to the shape of the other. */
export function add(g: Graph, a: Tensor, b: Tensor): Tensor {
  const sum = binary(g, 'AddV2', a, b);
  g.record([a, b], [sum], ([d]) => [a, b].map((x) => (d && x.differentiable ? sumTo(g, d, x) : undefined)));
  return sum;
}

/** a · b element by element, each broadcast to the shape of the other. */
export function multiply(g: Graph, a: Tensor, b: Tensor): Tensor {
  const product = binary(g, 'Mul', a, b);
  g.record([a, b], [product], ([d]) =>
    [a, b].map((x, i) =>
      d && x.differentiable ? sumTo(g, binary(g, 'Mul', d, i === 0 ? b : a), x) : undefined,
    ),
  );
  return product;
}

/** The gradient `d` of what `x` was broadcast to, summed over the axes that were added or stretched. */
export function sumTo(g: Graph, d: Tensor, x: Tensor): Tensor {
  let sum = d;
  while (sum.shape.length > x.shape.length) sum = reduce(g, 'Sum', sum, 0, false);
  x.shape.forEach((size, axis) => {
    if (size === 1 && sum.shape[axis] !== 1) sum = reduce(g, 'Sum', sum, axis, true);
  });
  return sum;
}

/** Over the last axis; dx = y·(d - Σ d·y). */
export function softmax(g: Graph, x: Tensor): Tensor {
  const y = unary(g, 'Softmax', x);
  g.record([x], [y], ([d]) => {
    if (!d) return [];
    const along = reduce(g, 'Sum', binary(g, 'Mul', d, y), -1, true);
    return [binary(g, 'Mul', y, binary(g, 'Sub', d, along))];
  });
  return y;
}

/** x times a constant. */
export function scale(g: Graph, x: Tensor, factor: number): Tensor {
  if (factor === 1) return x;
  const by = (t: Tensor): Tensor => binary(g, 'Mul', t, g.cast(g.scalar(factor), t.dtype));
  const result = by(x);
  g.record([x], [result], ([d]) => [d && by(d)]);
  return result;
}

/** tanh x; derivative 1 - tanh². */
export function tanh(g: Graph, x: Tensor): Tensor {
  const y = unary(g, 'Tanh', x);
  g.record([x], [y], ([d]) => {
    if (!d) return [undefined];
    return [binary(g, 'Mul', d, binary(g, 'Sub', g.cast(g.scalar(1), y.dtype), unary(g, 'Square', y)))];
  });
  return y;
}

/** x·σ(x) (SiLU, swish); derivative σ + y·(1 - σ). */
export function silu(g: Graph, x: Tensor): Tensor {
  const gate = unary(g, 'Sigmoid', x);
  const y = binary(g, 'Mul', x, gate);
  g.record([x], [y], ([d]) => {
    if (!d) return [];
    const rest = binary(g, 'Mul', y, binary(g, 'Sub', g.cast(g.scalar(1), y.dtype), gate));
    return [binary(g, 'Mul', d, binary(g, 'AddV2', gate, rest))];
  });
  return y;
}

/** max(x, 0). */
export function relu(g: Graph, x: Tensor): Tensor {
  const y = unary(g, 'Relu', x);
  g.record([x], [y], ([d]) => [d && binary(g, 'ReluGrad', d, y)]);
  return y;
}

/**
 * The exact GELU x·Φ(x) on w = x/√2, without its last constant: returns y = w·(1 + erf w); GELU(x) = y/√2.
 * Both constants belong into the weights before and behind it. dy/dw = 1 + erf w + w·(2/√π)·exp(-w²).
 */
export function halfGelu(g: Graph, w: Tensor): Tensor {
  const gate = binary(g, 'AddV2', unary(g, 'Erf', w), g.scalar(1));
  const y = binary(g, 'Mul', w, gate);
  g.record([w], [y], ([d]) => {
    if (!d) return [undefined];
    const logFactor = g.scalar(Math.log(2 / Math.sqrt(Math.PI)));
    const density = unary(g, 'Exp', binary(g, 'Sub', logFactor, unary(g, 'Square', w)));
    return [binary(g, 'Mul', d, binary(g, 'AddV2', gate, binary(g, 'Mul', w, density)))];
  });
  return y;
}

/** GELU's tanh approximation: ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (`gelu_new`, `gelu_pytorch_tanh`). */
export function geluTanh(g: Graph, x: Tensor): Tensor {
  const times = (a: Tensor, b: Tensor): Tensor => binary(g, 'Mul', a, b);
  const one = g.scalar(1);
  const c = g.scalar(Math.sqrt(2 / Math.PI));
  const square = unary(g, 'Square', x);
  const cubic = binary(g, 'AddV2', times(square, g.scalar(0.044715)), one);
  const t = unary(g, 'Tanh', times(c, times(x, cubic)));
  const half = times(x, g.scalar(0.5));
  const gate = binary(g, 'AddV2', t, one);
  const y = times(half, gate);
  g.record([x], [y], ([d]) => {
    if (!d) return [undefined];
    const inner = times(c, binary(g, 'AddV2', times(square, g.scalar(3 * 0.044715)), one));
    const slope = times(binary(g, 'Sub', one, unary(g, 'Square', t)), inner);
    return [times(d, binary(g, 'AddV2', times(gate, g.scalar(0.5)), times(half, slope)))];
  });
  return y;
}

/** The same values in another shape, given as numbers (one may be -1). */
export function reshaped(g: Graph, x: Tensor, shape: readonly number[]): Tensor {
  const y = reshape(g, x, shape);
  g.record([x], [y], ([d]) => [d && reshape(g, d, x.shape)]);
  return y;
}

/** Axis `order[i]` of x becomes axis i. */
export function transposed(g: Graph, x: Tensor, order: readonly number[]): Tensor {
  const y = transpose(g, x, order);
  g.record([x], [y], ([d]) => [
    d &&
      transpose(
        g,
        d,
        order.map((_, axis) => order.indexOf(axis)),
      ),
  ]);
  return y;
}
