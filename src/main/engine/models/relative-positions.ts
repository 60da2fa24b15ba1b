import type { Graph, Tensor } from '../graph/graph.ts';
import { relativeShift } from '../graph/ops/attention.ts';
import { add, multiply, reshaped, transposed } from '../graph/ops/elementwise.ts';
import { batchProduct } from '../graph/ops/linear.ts';
import { binary, gather, range, reshape } from '../graph/ops/raw.ts';
import { embedding } from '../graph/ops/rows.ts';
import type { ScoreBias } from './layers.ts';

/** The row of a table that stands for query - key; distances beyond `farthest` count as that. */
export interface Buckets {
  bucketOf: (distance: number) => number;
  farthest: number;
}

/**
 * For each head a number by how far key and query are apart: a row of `table` [buckets,heads], float32. All layers that
 * are given the same bias share its values.
 */
export function relativeBias(g: Graph, table: Tensor, buckets: Buckets): ScoreBias {
  const made = new Map<string, Tensor>();
  return ({ group, length, onlyFirst }) => {
    const key = `${group} ${onlyFirst}`;
    const known = made.get(key);
    if (known) return known;
    const keys = reshape(g, range(g, length), [1, -1]);
    const queries = onlyFirst ? g.constant('int32', [1, 1], [0]) : reshape(g, keys, [-1, 1]);
    const rows = bucketRows(g, buckets, binary(g, 'Sub', queries, keys));
    const bias = transposed(g, embedding(g, table, rows), [2, 0, 1]);
    made.set(key, bias);
    return bias;
  };
}

/**
 * Disentangled attention (He et al. 2021): queries times the positions of keys, and keys times the positions of queries.
 * Each table [buckets,H] has the scale of its product in it, but that of the queries, which have it themselves.
 */
export function disentangledBias(
  g: Graph,
  of: { keyPositions?: Tensor | undefined; queryPositions?: Tensor | undefined },
  buckets: Buckets,
): ScoreBias {
  return ({ queries, keys, length, onlyFirst }) => {
    const [heads, headSize] = [keys.shape[1]!, keys.shape[3]!];
    /** [heads, distances, D] */
    const positions = (table: Tensor, distances: Tensor): Tensor => {
      const rows = embedding(g, table, bucketRows(g, buckets, distances));
      return transposed(g, reshaped(g, rows, [-1, heads, headSize]), [1, 0, 2]);
    };
    const shift = (byDistance: Tensor): Tensor => relativeShift(g, byDistance, length);
    const twice = binary(g, 'AddV2', length, length);
    // Of the first query the distances to all keys, 0 … 1 - S; else S … 1 - S.
    const after = binary(
      g,
      'Sub',
      onlyFirst ? g.constant('int32', [], [0]) : length,
      range(g, onlyFirst ? length : twice),
    );
    const parts: Tensor[] = [];
    if (of.keyPositions) {
      const byDistance = batchProduct(g, queries, positions(of.keyPositions, after), true);
      parts.push(onlyFirst ? byDistance : shift(byDistance));
    }
    if (of.queryPositions) {
      const ones = g.cast(g.constant('float32', [headSize, 1], Array<number>(headSize).fill(1)), keys.dtype);
      const before = binary(g, 'Sub', g.constant('int32', [], [0]), after);
      const byKey = onlyFirst
        ? batchProduct(g, multiply(g, keys, positions(of.queryPositions, after)), ones)
        : shift(batchProduct(g, keys, positions(of.queryPositions, before), true));
      parts.push(transposed(g, byKey, [0, 1, 3, 2]));
    }
    return parts.length === 0 ? undefined : parts.reduce((sum, part) => add(g, sum, part));
  };
}

/** The bucket of each distance, of the same shape; int32. */
function bucketRows(g: Graph, { bucketOf, farthest }: Buckets, distances: Tensor): Tensor {
  const number = (value: number): Tensor => g.constant('int32', [], [value]);
  const buckets = g.ints(...Array.from({ length: 2 * farthest + 1 }, (_, i) => bucketOf(i - farthest)));
  const moved = binary(g, 'AddV2', distances, number(farthest));
  const within = binary(g, 'Maximum', binary(g, 'Minimum', moved, number(2 * farthest)), number(0));
  return gather(g, buckets, within);
}
