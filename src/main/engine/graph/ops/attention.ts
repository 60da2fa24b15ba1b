import type { Graph, Tensor } from '../graph.ts';
import { sumTo } from './elementwise.ts';
import { keepMask, type DropoutSource } from './dropout.ts';
import { batchMatMul, binary, reduce, unary } from './raw.ts';

export interface AttentionDropout {
  p: number;
  source: DropoutSource;
}

/**
 * softmax(q·kᵀ + Σ biases)·v of already scaled queries (Vaswani et al. 2017); q [..,Sq,D], k and v [..,S,D],
 * each bias broadcast over [..,Sq,S]. With dropout on the probabilities, whose rescaling belongs into v.
 * Softmax gradient with Σ dO·O for Σ dP·P (Dao et al. 2022), so no pass over S² is summed.
 */
export function dotProductAttention(
  g: Graph,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  biases: readonly Tensor[],
  dropout: AttentionDropout | undefined,
): Tensor {
  let scores = batchMatMul(g, q, k, { transposeB: true });
  for (const bias of biases) scores = binary(g, 'AddV2', scores, g.cast(bias, scores.dtype));
  const probabilities = unary(g, 'Softmax', scores);
  const kept = dropout && keepMask(g, probabilities, dropout.p, dropout.source, probabilities.dtype);
  const weights = kept ? binary(g, 'Mul', probabilities, kept) : probabilities;
  const context = batchMatMul(g, weights, v);
  g.record([q, k, v, ...biases], [context], ([d]) => {
    if (!d) return [];
    const dWeights = batchMatMul(g, d, v, { transposeB: true });
    const rowSum = g.cast(
      reduce(g, 'Sum', binary(g, 'Mul', g.cast(d, 'float32'), g.cast(context, 'float32')), -1, true),
      d.dtype,
    );
    const dScores = kept
      ? binary(g, 'Sub', binary(g, 'Mul', dWeights, weights), binary(g, 'Mul', probabilities, rowSum))
      : binary(g, 'Mul', binary(g, 'Sub', dWeights, rowSum), probabilities);
    return [
      q.differentiable ? batchMatMul(g, dScores, k) : undefined,
      k.differentiable ? batchMatMul(g, dScores, q, { transposeA: true }) : undefined,
      v.differentiable ? batchMatMul(g, weights, d, { transposeA: true }) : undefined,
      ...biases.map((bias) =>
        bias.differentiable ? sumTo(g, g.cast(dScores, bias.dtype), bias) : undefined,
      ),
    ];
  });
  return context;
}
