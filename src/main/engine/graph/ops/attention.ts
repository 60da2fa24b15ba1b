import type { Graph, Tensor } from '../graph.ts';
import { sumTo } from './elementwise.ts';
import { keepMask, type DropoutSource } from './dropout.ts';
import { at, batchMatMul, binary, concat, reduce, reshape, shapeOf, slice, unary } from './raw.ts';

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

/**
 * From what each row of x [n,h,S,2S] has for every distance, what it has for every column: y[..,i,j] = x[..,i,S + j - i]
 * (Dai et al. 2019, appendix B). `length` is S, an int32 number. The rows are read one after the other from their value S
 * on, as rows that are one shorter.
 */
export function relativeShift(g: Graph, x: Tensor, length: Tensor): Tensor {
  const S = reshape(g, length, [1]);
  const twice = binary(g, 'AddV2', S, S);
  const shorter = binary(g, 'Sub', twice, g.ints(1));
  const vector = (...parts: Tensor[]): Tensor => concat(g, parts);
  const open = [-1, -1];
  const texts = reshape(g, at(g, shapeOf(g, x), 0), [1]);
  const heads = g.ints(x.shape[1]!);
  const rows = binary(g, 'Mul', binary(g, 'Mul', texts, heads), S);
  const asLines = (t: Tensor, width: Tensor): Tensor =>
    reshape(g, t, { tensor: vector(g.ints(-1), width), shape: open });
  const asSquares = (t: Tensor, width: Tensor): Tensor =>
    reshape(g, t, { tensor: vector(texts, heads, S, width), shape: x.shape });

  const lines = asLines(x, binary(g, 'Mul', S, twice));
  const from = slice(g, lines, vector(g.ints(0), S), g.ints(-1, -1), open);
  const y = asSquares(slice(g, asLines(from, shorter), g.ints(0, 0), vector(rows, S), open), S);
  g.record([x], [y], ([d]) => {
    if (!d) return [];
    const pad = (t: Tensor, before: Tensor, behind: Tensor): Tensor => {
      const margins = reshape(g, vector(g.ints(0, 0), before, behind), [2, 2]);
      return g.op('Pad', [t, margins], { T: { type: t.dtype }, Tpaddings: { type: 'int32' } }, t);
    };
    const longer = pad(asLines(d, S), g.ints(0), binary(g, 'Sub', S, g.ints(1)));
    const whole = pad(asLines(longer, binary(g, 'Mul', S, shorter)), S, g.ints(0));
    return [asSquares(whole, twice)];
  });
  return y;
}
