import type { DataTypeName, Graph, Tensor } from '../graph.ts';
import { binary, randomWords, reduce, reshape, shapeOf, slice } from './raw.ts';

/** Where a graph's random numbers come from: a seed that is fed each step, and a number for each place of use. */
export class DropoutSource {
  /** int32 [2], fed. */
  readonly seed: Tensor;
  private sites = 0;

  constructor(seed: Tensor) {
    this.seed = seed;
  }

  next(g: Graph): Tensor {
    this.sites++;
    return binary(g, 'AddV2', this.seed, g.ints(this.sites * 7919, this.sites));
  }
}

/** What a kept value must be multiplied by: masks are drawn with 16 bits, so p is rounded to n/65,536. */
export function keepScale(p: number): number {
  return 1 / (1 - threshold(p) / 65536);
}

function threshold(p: number): number {
  return Math.round(p * 65536);
}

/**
 * 1 where a value of `x` is kept, 0 where it is dropped (probability p), in type `dtype`.
 * Two masks share a 32-bit word; the draw waits for `x`, so that masks do not pile up in memory.
 */
export function keepMask(g: Graph, x: Tensor, p: number, source: DropoutSource, dtype: DataTypeName): Tensor {
  const shape = shapeOf(g, x);
  const count = reduce(g, 'Prod', shape, 0, true);
  const even = x.shape.some((size) => size > 0 && size % 2 === 0);
  const words = binary(g, 'FloorDiv', even ? count : binary(g, 'AddV2', count, g.ints(1)), g.ints(2));
  const drawn = randomWords(g, words, source.next(g), x.node);
  const halves = g.op(
    'Bitcast',
    [drawn],
    { T: { type: 'int32' }, type: { type: 'uint16' } },
    { dtype: 'uint16', shape: [-1, 2] },
  );
  let bits = halves;
  if (!even) {
    const flat = reshape(g, halves, [-1]);
    bits = slice(g, flat, g.ints(0), count, [-1]);
  }
  const uniform = reshape(g, bits, { tensor: shape, shape: x.shape });
  const limit = g.constant('uint16', [], [threshold(p)]);
  const attributes = { T: { type: 'uint16' } } as const;
  const kept = g.op('GreaterEqual', [uniform, limit], attributes, { dtype: 'bool', shape: x.shape });
  return g.cast(kept, dtype);
}

/** x with each value set to 0 with probability p, NOT rescaled: multiply by `keepScale(p)` where it costs nothing. */
export function droppedOut(g: Graph, x: Tensor, p: number, source: DropoutSource): Tensor {
  const mask = keepMask(g, x, p, source, x.dtype);
  const y = binary(g, 'Mul', x, mask);
  g.record([x], [y], ([d]) => [d && binary(g, 'Mul', d, mask)]);
  return y;
}
