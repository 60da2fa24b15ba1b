import type { Graph, Tensor } from '../graph.ts';
import { binary, reduce, unary } from './raw.ts';

/**
 * γ·(x - μ)/√(σ² + ε) (+ β) over the last axis of x [T,H] (Ba, Kiros, Hinton 2016); not `centred`: with μ = 0 (RMSNorm,
 * Zhang, Sennrich 2019); float32. With e = d·γ and the normal values n, dx = (e - mean(e) - n·mean(e·n))/√(σ² + ε).
 */
export function layerNorm(
  g: Graph,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor | undefined,
  epsilon: number,
  centred = true,
): Tensor {
  const centre = (t: Tensor): Tensor => (centred ? binary(g, 'Sub', t, reduce(g, 'Mean', t, -1, true)) : t);
  const free = centre(x);
  const variance = reduce(g, 'Mean', unary(g, 'Square', free), -1, true);
  const inverse = unary(g, 'Rsqrt', binary(g, 'AddV2', variance, g.scalar(epsilon)));
  const normal = binary(g, 'Mul', free, inverse);
  const scaled = binary(g, 'Mul', normal, gamma);
  const y = beta ? binary(g, 'AddV2', scaled, beta) : scaled;
  const inputGradient = (d: Tensor): Tensor => {
    const e = binary(g, 'Mul', d, gamma);
    const along = reduce(g, 'Mean', binary(g, 'Mul', e, normal), -1, true);
    return binary(g, 'Mul', inverse, binary(g, 'Sub', centre(e), binary(g, 'Mul', normal, along)));
  };
  g.record([x, gamma, ...(beta ? [beta] : [])], [y], ([d]) => {
    if (!d) return [];
    return [
      x.differentiable ? inputGradient(d) : undefined,
      gamma.differentiable ? reduce(g, 'Sum', binary(g, 'Mul', d, normal), 0, false) : undefined,
      beta?.differentiable ? reduce(g, 'Sum', d, 0, false) : undefined,
    ];
  });
  return y;
}
