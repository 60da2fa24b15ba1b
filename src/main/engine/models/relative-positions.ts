import type { Graph, Tensor } from '../graph/graph.ts';
import { transposed } from '../graph/ops/elementwise.ts';
import { binary, gather, range, reshape } from '../graph/ops/raw.ts';
import { embedding } from '../graph/ops/rows.ts';
import type { ScoreBias } from './layers.ts';

/**
 * For each head a number by how far key and query are apart: row `bucketOf(query - key)` of `table` [buckets,heads],
 * float32. Distances beyond `farthest` count as that. All layers that are given the same bias share its values.
 */
export function relativeBias(
  g: Graph,
  table: Tensor,
  bucketOf: (distance: number) => number,
  farthest: number,
): ScoreBias {
  const buckets = g.ints(...Array.from({ length: 2 * farthest + 1 }, (_, i) => bucketOf(i - farthest)));
  const made = new Map<string, Tensor>();
  return ({ group, length, onlyFirst }) => {
    const key = `${group} ${onlyFirst}`;
    const known = made.get(key);
    if (known) return known;
    const rows = gather(g, buckets, distances(g, length, onlyFirst, farthest));
    const bias = transposed(g, embedding(g, table, rows), [2, 0, 1]);
    made.set(key, bias);
    return bias;
  };
}

/** query - key + `farthest` of each pair, from 0 to 2·`farthest`: int32 [S,S], or [1,S] of the first query. */
function distances(g: Graph, length: Tensor, onlyFirst: boolean, farthest: number): Tensor {
  const number = (value: number): Tensor => g.constant('int32', [], [value]);
  const keys = reshape(g, range(g, length), [1, -1]);
  const queries = onlyFirst ? g.constant('int32', [1, 1], [0]) : reshape(g, keys, [-1, 1]);
  const moved = binary(g, 'AddV2', binary(g, 'Sub', queries, keys), number(farthest));
  return binary(g, 'Maximum', binary(g, 'Minimum', moved, number(2 * farthest)), number(0));
}
