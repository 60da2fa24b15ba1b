import type { Graph, Tensor } from '../graph.ts';
import { binary, reduce, unary } from './raw.ts';

/** γ·(x - μ)/√(σ² + ε) (+ β) over the last axis of x [T,H] (Ba, Kiros, Hinton 2016); float32. */
export function layerNorm(
  g: Graph,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor | undefined,
  epsilon: number,
): Tensor {
  const centred = binary(g, 'Sub', x, reduce(g, 'Mean', x, -1, true));
  const variance = reduce(g, 'Mean', unary(g, 'Square', centred), -1, true);
  const inverse = unary(g, 'Rsqrt', binary(g, 'AddV2', variance, g.scalar(epsilon)));
  const normal = binary(g, 'Mul', centred, inverse);
  const scaled = binary(g, 'Mul', normal, gamma);
  const y = beta ? binary(g, 'AddV2', scaled, beta) : scaled;
  g.record([x, gamma, ...(beta ? [beta] : [])], [y], ([d]) => {
    if (!d) return [];
    return [
      x.differentiable ? inputGradient(g, d, gamma, normal, inverse) : undefined,
      gamma.differentiable ? reduce(g, 'Sum', binary(g, 'Mul', d, normal), 0, false) : undefined,
      beta?.differentiable ? reduce(g, 'Sum', d, 0, false) : undefined,
    ];
  });
  return y;
}

/** With e = d·γ: (e - mean(e) - n·mean(e·n))/√(σ² + ε). */
function inputGradient(g: Graph, d: Tensor, gamma: Tensor, normal: Tensor, inverse: Tensor): Tensor {
  const e = binary(g, 'Mul', d, gamma);
  const along = reduce(g, 'Mean', binary(g, 'Mul', e, normal), -1, true);
  const free = binary(g, 'Sub', e, reduce(g, 'Mean', e, -1, true));
  return binary(g, 'Mul', inverse, binary(g, 'Sub', free, binary(g, 'Mul', normal, along)));
}

/** γ·x/√(mean(x²) + ε) over the last axis of x [T,H] (Zhang, Sennrich 2019); float32. */
export function rmsNorm(g: Graph, x: Tensor, gamma: Tensor, epsilon: number): Tensor {
  const square = reduce(g, 'Mean', unary(g, 'Square', x), -1, true);
  const inverse = unary(g, 'Rsqrt', binary(g, 'AddV2', square, g.scalar(epsilon)));
  const normal = binary(g, 'Mul', x, inverse);
  const y = binary(g, 'Mul', normal, gamma);
  g.record([x, gamma], [y], ([d]) => {
    if (!d) return [];
    const e = binary(g, 'Mul', d, gamma);
    const along = reduce(g, 'Mean', binary(g, 'Mul', e, normal), -1, true);
    return [
      x.differentiable
        ? binary(g, 'Mul', inverse, binary(g, 'Sub', e, binary(g, 'Mul', normal, along)))
        : undefined,
      gamma.differentiable ? reduce(g, 'Sum', binary(g, 'Mul', d, normal), 0, false) : undefined,
    ];
  });
  return y;
}
