import type { Graph, Tensor } from '../graph.ts';
import { sumTo } from './elementwise.ts';
import { batchMatMul, binary, fusedMatMul, matMul, reduce } from './raw.ts';

const recorded =
  (multiply: typeof matMul) =>
  (g: Graph, a: Tensor, b: Tensor, transposeB = false): Tensor => {
    const y = multiply(g, a, b, { transposeB });
    g.record([a, b], [y], ([d]) => {
      if (!d) return [];
      const da = a.differentiable ? multiply(g, d, b, { transposeB: !transposeB }) : undefined;
      const [left, right] = transposeB ? [d, a] : [a, d];
      const db = b.differentiable ? multiply(g, left, right, { transposeA: true }) : undefined;
      return [da, db && sumTo(g, db, b)];
    });
    return y;
  };

/** Matrix product a·b, or a·bᵀ. */
export const product = recorded(matMul);
/** The same over leading axes, [..,m,k] and [..,k,n] or [..,n,k]; the second factor may lack the first of them. */
export const batchProduct = recorded(batchMatMul);

/** A linear layer whose place on the tape is taken; `finish` adds what belongs to the same output. */
export interface OpenLinear {
  /** x·Wᵀ (+ b) (+ addend) */
  finish(addend?: Tensor): Tensor;
}

/**
 * y = x·Wᵀ (+ b) (+ addend), x [T,in], weight [out,in] (the checkpoint's own layout), bias [out].
 * Opened before and finished after an adapter's own operations, so that in the backward pass the adapter's
 * gradient of x comes first and the large product adds itself to it in one pass.
 */
export function openLinear(
  g: Graph,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  fused: boolean,
): OpenLinear {
  const shape = [x.axis(2), weight.axis(2)];
  // Stands for x·Wᵀ + b on the tape only: it is never part of the written graph.
  const [virtual] = g.node('Virtual', [], {}, [{ dtype: x.dtype, shape }]) as [Tensor];
  g.record([x, weight, ...(bias ? [bias] : [])], [virtual], ([d], into) => {
    if (!d) return [];
    return [
      x.differentiable ? inputGradient(g, d, weight, into(0), fused) : undefined,
      weight.differentiable ? matMul(g, d, x, { transposeA: true }) : undefined,
      bias?.differentiable ? reduce(g, 'Sum', d, 0, false) : undefined,
    ];
  });
  return {
    finish(addend) {
      const y = forward(g, x, weight, bias, addend, fused);
      g.record(addend ? [virtual, addend] : [virtual], [y], ([d]) => [d, d]);
      return y;
    },
  };
}

function forward(
  g: Graph,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  addend: Tensor | undefined,
  fused: boolean,
): Tensor {
  if (fused && bias) {
    return addend
      ? fusedMatMul(g, x, weight, true, [bias, addend], ['BiasAdd', 'Add'])
      : fusedMatMul(g, x, weight, true, [bias], ['BiasAdd']);
  }
  const product = matMul(g, x, weight, { transposeB: true });
  const y = bias ? binary(g, 'AddV2', product, bias) : product;
  return addend ? binary(g, 'AddV2', y, addend) : y;
}

/** d·W, added to what x has gathered so far. */
function inputGradient(g: Graph, d: Tensor, weight: Tensor, sum: Tensor | undefined, fused: boolean): Tensor {
  if (!sum) return matMul(g, d, weight);
  if (!fused) return binary(g, 'AddV2', sum, matMul(g, d, weight));
  return fusedMatMul(g, d, weight, false, [zeros(g, weight.axis(1), d.dtype), sum], ['BiasAdd', 'Add']);
}

function zeros(g: Graph, length: number, dtype: Tensor['dtype']): Tensor {
  const attributes = { T: { type: 'float32' }, index_type: { type: 'int32' } } as const;
  return g.cast(
    g.op('Fill', [g.ints(length), g.scalar(0)], attributes, { dtype: 'float32', shape: [length] }),
    dtype,
  );
}

/** x·Wᵀ + b passed through the exact GELU in the same pass; without a gradient. */
export function geluLinear(g: Graph, x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  return fusedMatMul(g, x, weight, true, [bias], ['BiasAdd', 'GeluExact']);
}
