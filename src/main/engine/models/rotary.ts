import { z } from 'zod';
import type { Graph, Tensor } from '../graph/graph.ts';
import { multiply, reshaped } from '../graph/ops/elementwise.ts';
import { binary, reshape, unary } from '../graph/ops/raw.ts';
import { rotate } from '../graph/ops/rotary.ts';
import type { Heads } from './attention-layout.ts';
import type { Layers } from './layers.ts';
import type { TokenBatch } from './token-inputs.ts';

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
interface Angles {
  cos: Tensor;
  sin: Tensor;
}

/** Those of queries have the scale 1/√D of their products with keys in them. */
export interface LayerAngles {
  queries: Angles;
  keys: Angles;
}

/** At position p value i of each half of a head turns by p·θ^(-2i/D). */
export function rotaryAngles(g: Graph, positions: Tensor, { headSize }: Heads, theta: number): LayerAngles {
  const frequencies = Array.from({ length: headSize / 2 }, (_, i) =>
    Math.fround(1 / Math.fround(theta ** Math.fround((2 * i) / headSize))),
  );
  const column = reshape(g, g.cast(positions, 'float32'), [-1, 1, 1]);
  const angles = binary(g, 'Mul', column, g.constant('float32', [1, 1, headSize / 2], frequencies));
  const keys = { cos: unary(g, 'Cos', angles), sin: unary(g, 'Sin', angles) };
  const scaled = (x: Tensor): Tensor => binary(g, 'Mul', x, g.scalar(1 / Math.sqrt(headSize)));
  return { queries: { cos: scaled(keys.cos), sin: scaled(keys.sin) }, keys };
}

/** Each head of x [T,heads·D] turned by its token's angles; float32. */
function rotated(g: Graph, x: Tensor, { headSize }: Heads, { cos, sin }: Angles): Tensor {
  const width = x.axis(1);
  const heads = reshaped(g, g.cast(x, 'float32'), [-1, width / headSize, headSize]);
  return reshaped(g, rotate(g, heads, cos, sin), [-1, width]);
}

/**
 * Attention of q [T,heads·D], or [b,heads·D] of each text's first token, over k and v [T,sharedHeads·D], where several
 * heads of queries may share one of keys. First tokens stand at position 0, where nothing turns.
 */
export function rotaryAttention(
  l: Layers,
  { q, k, v }: { q: Tensor; k: Tensor; v: Tensor },
  { layout }: TokenBatch,
  angles: LayerAngles,
  of: { heads: Heads; p: number; onlyFirst: boolean; sharedHeads?: number; isLocal?: boolean },
): Tensor {
  const g = l.graph;
  const { heads, p, onlyFirst, sharedHeads = heads.heads, isLocal = false } = of;
  const times = heads.heads / sharedHeads;
  const shared = (x: Tensor): Tensor => {
    if (times === 1) return x;
    const ones = g.cast(g.constant('float32', [times, 1], Array<number>(times).fill(1)), x.dtype);
    const each = reshaped(g, x, [-1, sharedHeads, 1, heads.headSize]);
    return reshaped(g, multiply(g, each, ones), [-1, heads.heads * heads.headSize]);
  };
  const keys = shared(rotated(g, k, heads, angles.keys));
  if (onlyFirst) return l.attention(q, keys, shared(v), layout, p, true, { isLocal });
  const queries = rotated(g, q, heads, angles.queries);
  return l.attention(queries, keys, shared(v), layout, p, false, { scale: 1, isLocal });
}
