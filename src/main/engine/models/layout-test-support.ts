/** Five texts in the forms that attention lays them out in, for the tests of those forms. */
import type { Feeds, Graph, Tensor } from '../graph/graph.ts';
import { expectGradients, type FedValues, type Tensors } from '../graph/test-support.ts';
import type { AttentionLayout } from './attention-layout.ts';
import { tokenInputs, type Attention } from './token-inputs.ts';

export const HEADS = { heads: 2, headSize: 3 };
export const WIDTH = 6;
export const LENGTHS = [4, 1, 2, 6, 2];
export const texts = LENGTHS.map((length) => ({ inputIds: new Int32Array(length) }));

/** Gradients through placeholders of the layout's own, which exist only while the expression is built. */
export async function expectLayoutGradients<F extends FedValues>(
  attention: Attention,
  fed: F,
  loss: (g: Graph, layout: AttentionLayout, t: Tensors<F>) => Tensor,
  tolerance?: number,
): Promise<Record<string, Float32Array>> {
  const own: { inputs: Record<string, Tensor>; feeds: Feeds } = { inputs: {}, feeds: {} };
  const { tape } = await expectGradients(
    fed,
    (g, t) => {
      const made = tokenInputs(g, 'in', attention, HEADS);
      Object.assign(own.inputs, made.placeholders);
      Object.assign(own.feeds, made.feeds(texts).feeds);
      return loss(g, made.batch.layout, t);
    },
    { own, ...(tolerance === undefined ? {} : { tolerance }) },
  );
  return tape;
}
