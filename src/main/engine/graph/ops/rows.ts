import type { Graph, Tensor } from '../graph.ts';
import { concat, gather, reshape, shapeOf, slice, unary } from './raw.ts';

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

/** Columns `from` to `from + count` of x [..,n]. */
export function sliceColumns(g: Graph, x: Tensor, from: number, count: number): Tensor {
  const rank = x.shape.length;
  const along = (value: number, others: number): Tensor =>
    g.ints(...Array.from({ length: rank - 1 }, () => others), value);
  const y = slice(g, x, along(from, 0), along(count, -1), x.shape.with(-1, count));
  g.record([x], [y], ([d]) => {
    if (!d) return [];
    const rest = x.axis(1) - from - count;
    const margins = x.shape.map((_, axis) => (axis === rank - 1 ? [from, rest] : [0, 0])).flat();
    const attributes = { T: { type: x.dtype }, Tpaddings: { type: 'int32' } } as const;
    return [g.op('Pad', [d, g.constant('int32', [rank, 2], margins)], attributes, x)];
  });
  return y;
}

/** Parts of x that stand side by side in it, so many columns each. */
export function splitColumns(g: Graph, x: Tensor, widths: readonly number[]): Tensor[] {
  const rank = x.shape.length;
  let from = 0;
  const parts = widths.map((width) => {
    const along = (value: number, others: number): Tensor =>
      g.ints(...Array.from({ length: rank - 1 }, () => others), value);
    return slice(g, x, along((from += width) - width, 0), along(width, -1), x.shape.with(-1, width));
  });
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
  g.record(parts, [y], ([d]) => {
    let from = 0;
    return widths.map((width) => d && sliceColumns(g, d, (from += width) - width, width));
  });
  return y;
}
