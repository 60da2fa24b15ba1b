import type { Graph, Tensor } from '../graph.ts';
import { gather, reshape, shapeOf } from './raw.ts';

const scatter = { T: { type: 'float32' }, Tindices: { type: 'int32' } } as const;

/** Rows of a table [V,H] by ids [T]; equal ids add up in the gradient. */
export function embedding(g: Graph, table: Tensor, ids: Tensor): Tensor {
  const y = gather(g, table, ids);
  g.record([table], [y], ([d]) => {
    if (!d) return [];
    const attributes = { ...scatter, Tnumsegments: { type: 'int32' } } as const;
    const segments = g.constant('int32', [], [table.shape[0]!]);
    return [g.op('UnsortedSegmentSum', [d, ids, segments], attributes, table)];
  });
  return y;
}

/** Some rows of x [T,H], each at most once, e.g. the [CLS] tokens; float32. */
export function selectRows(g: Graph, x: Tensor, index: Tensor): Tensor {
  const y = gather(g, x, index);
  g.record([x], [y], ([d], into) => {
    if (!d) return [];
    const column = reshape(g, index, [-1, 1]);
    const sum = into(0);
    if (sum) return [g.op('TensorScatterAdd', [sum, column, d], scatter, x)];
    return [g.op('ScatterNd', [column, d, shapeOf(g, x)], scatter, x)];
  });
  return y;
}
