import type { Graph, Tensor } from '../graph.ts';
import { binary, columns, concat, unary } from './raw.ts';

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
  const size = x.axis(1) / 2;
  const times = (a: Tensor, b: Tensor): Tensor => binary(g, 'Mul', a, b);
  const [a, b] = [columns(g, x, 0, size), columns(g, x, size, size)];
  const first = binary(g, 'Sub', times(a, cos), times(b, sin));
  const second = binary(g, 'AddV2', times(b, cos), times(a, sin));
  return concat(g, [first, second], -1);
}
