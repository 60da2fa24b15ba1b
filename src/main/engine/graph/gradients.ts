import type { Graph, Tensor } from './graph.ts';
import { add } from './ops/elementwise.ts';

/**
 * Reverse-mode differentiation along the tape.
 * @param loss a tensor on the tape; its own gradient is `seed`, of the same shape.
 * @returns the gradient of each of `parameters`, in their order.
 */
export function gradients(graph: Graph, loss: Tensor, seed: Tensor, parameters: readonly Tensor[]): Tensor[] {
  const gathered = new Map<string, Tensor>([[loss.key, seed]]);
  for (const { inputs, outputs, backward } of graph.tape.toReversed()) {
    const given = outputs.map((output) => gathered.get(output.key));
    if (given.every((gradient) => gradient === undefined)) continue;
    const into = (input: number): Tensor | undefined => {
      const key = inputs[input]!.key;
      const sum = gathered.get(key);
      gathered.delete(key);
      return sum;
    };
    const shares = backward(given, into);
    inputs.forEach((input, i) => {
      const share = shares[i];
      if (!share || !input.differentiable) return;
      const sum = gathered.get(input.key);
      gathered.set(input.key, sum ? add(graph, sum, share) : share);
    });
  }
  return parameters.map((parameter) => {
    const gradient = gathered.get(parameter.key);
    if (!gradient) throw new Error(`No gradient reaches ${parameter.key}.`);
    return gradient;
  });
}
