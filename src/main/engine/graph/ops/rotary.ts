import type { Graph, Tensor } from '../graph.ts';
import { binary, concat, slice, unary } from './raw.ts';

/**
 * Rotary positions (Su et al. 2021) as transformers rotates: value i of the first half of x [..,D] and value i of the
 * second are a point that turns by an angle, whose `cos` and `sin` [..,D/2] broadcast. The gradient turns back.
 */
export function rotate(g: Graph, x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const y = turned(g, x, cos, sin);
  g.record([x], [y], ([d]) => [d && turned(g, d, cos, unary(g, 'Neg', sin))]);
  return y;
}

function turned(g: Graph, x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const rank = x.shape.length;
  const size = x.axis(1) / 2;
  const half = (from: number): Tensor => {
    const zeros = Array.from({ length: rank - 1 }, () => 0);
    const rest = Array.from({ length: rank - 1 }, () => -1);
    return slice(g, x, g.ints(...zeros, from), g.ints(...rest, size), x.shape.with(-1, size));
  };
  const times = (a: Tensor, b: Tensor): Tensor => binary(g, 'Mul', a, b);
  const [a, b] = [half(0), half(size)];
  const first = binary(g, 'Sub', times(a, cos), times(b, sin));
  const second = binary(g, 'AddV2', times(b, cos), times(a, sin));
  return concat(g, [first, second], -1);
}
