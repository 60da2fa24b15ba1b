import type { Graph, Tensor } from '../graph.ts';
import { binary, reduce, unary } from './raw.ts';

/**
 * Cross-entropy -Σ targets·log softmax(logits), summed over all rows; both [b,K], result a scalar.
 * The targets hold everything else (1/b, class weights, label smoothing, padding rows as zeros), so they need
 * not sum to 1: d/dlogits = softmax·Σtargets - targets.
 */
export function crossEntropy(g: Graph, logits: Tensor, targets: Tensor): Tensor {
  const logProbabilities = unary(g, 'LogSoftmax', logits);
  const rows = reduce(g, 'Sum', binary(g, 'Mul', targets, logProbabilities), -1, false);
  const loss = unary(g, 'Neg', reduce(g, 'Sum', rows, 0, false));
  g.record([logits], [loss], ([d]) => {
    if (!d) return [];
    const weight = reduce(g, 'Sum', targets, -1, true);
    const slope = binary(g, 'Sub', binary(g, 'Mul', unary(g, 'Exp', logProbabilities), weight), targets);
    return [binary(g, 'Mul', slope, d)];
  });
  return loss;
}
