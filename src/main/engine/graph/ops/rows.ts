import type { Graph, Tensor } from '../graph.ts';
import { columns, concat, gather, reshape, shapeOf, unary } from './raw.ts';

const scatter = { T: { type: 'float32' }, Tindices: { type: 'int32' } } as const;

/** Rows of a table [V,H] by ids of any shape; equal ids add up in the gradient, in float32. */
export function embedding(g: Graph, table: Tensor, ids: Tensor): Tensor {
  const y = gather(g, table, ids);
  g.record([table], [y], ([d]) => {
    if (!d) return [];
    const attributes = { ...scatter, Tnumsegments: { type: 'int32' } } as const;
    const segments = g.constant('int32', [], [table.shape[0]!]);
    const sum = g.op('UnsortedSegmentSum', [g.cast(d, 'float32'), ids, segments], attributes, {
      dtype: 'float32',
      shape: table.shape,
    });
    return [g.cast(sum, table.dtype)];
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

/** Parts of x [..,n] that stand side by side in it, so many columns each. */
export function splitColumns(g: Graph, x: Tensor, widths: readonly number[]): Tensor[] {
  let from = 0;
  const parts = widths.map((width) => columns(g, x, (from += width) - width, width));
  g.record([x], parts, (slopes) => [
    concat(
      g,
      parts.map((part, i) => slopes[i] ?? unary(g, 'ZerosLike', part)),
      -1,
    ),
  ]);
  return parts;
}

/** Parts side by side along their last axis. */
export function concatColumns(g: Graph, parts: readonly Tensor[]): Tensor {
  const widths = parts.map((part) => part.axis(1));
  const y = concat(g, parts, -1);
  g.record(parts, [y], ([d]) => (d ? splitColumns(g, d, widths) : []));
  return y;
}
