import { z } from 'zod';
import type { Graph, Tensor } from '../graph/graph.ts';
import { reshaped } from '../graph/ops/elementwise.ts';
import { binary, reshape, unary } from '../graph/ops/raw.ts';
import { rotate } from '../graph/ops/rotary.ts';
import type { Heads } from './attention-layout.ts';

/** `rope_parameters` of a config.json; of its types the plain one alone. */
export const rotaryFields = z.object({
  rope_type: z.string().default('default'),
  rope_theta: z.number().positive().optional(),
});

/** Whether heads, where the width divides into them, have two halves to turn. */
export const haveHalves = (of: { hidden_size: number; num_attention_heads: number }): boolean =>
  of.hidden_size % of.num_attention_heads !== 0 || (of.hidden_size / of.num_attention_heads) % 2 === 0;
export const oddHeads = {
  path: ['hidden_size'],
  error: 'its heads have an odd number of values, and rotary positions turn pairs',
};

/** Cosines and sines of each token's angles, each [T,1,D/2], float32. */
export interface Angles {
  cos: Tensor;
  sin: Tensor;
}

/** At position p value i of each half of a head turns by p·θ^(-2i/D); all of it times `factor`. */
export function rotaryAngles(
  g: Graph,
  positions: Tensor,
  { headSize }: Heads,
  theta: number,
  factor = 1,
): Angles {
  const frequencies = Array.from({ length: headSize / 2 }, (_, i) =>
    Math.fround(1 / Math.fround(theta ** Math.fround((2 * i) / headSize))),
  );
  const column = reshape(g, g.cast(positions, 'float32'), [-1, 1, 1]);
  const angles = binary(g, 'Mul', column, g.constant('float32', [1, 1, headSize / 2], frequencies));
  const times = (x: Tensor): Tensor => (factor === 1 ? x : binary(g, 'Mul', x, g.scalar(factor)));
  return { cos: times(unary(g, 'Cos', angles)), sin: times(unary(g, 'Sin', angles)) };
}

/** Each head of x [T,heads·D] turned by its token's angles; float32. */
export function rotated(g: Graph, x: Tensor, { headSize }: Heads, { cos, sin }: Angles): Tensor {
  const width = x.axis(1);
  const heads = reshaped(g, g.cast(x, 'float32'), [-1, width / headSize, headSize]);
  return reshaped(g, rotate(g, heads, cos, sin), [-1, width]);
}
