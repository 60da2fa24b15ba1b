/** Rows of the table of words that train by themselves (`trainable_token_indices`), as PEFT 0.21 keeps them. */
import { fault } from '../../../shared/faults/index.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, multiply } from '../graph/ops/elementwise.ts';
import { product } from '../graph/ops/linear.ts';
import { binary, reduce, reshape } from '../graph/ops/raw.ts';
import type { Layers } from '../models/layers.ts';
import { walk, type ModuleNode } from '../models/module-tree.ts';
import type { AddedParameter } from './method.ts';

/** Throws `peft/token-index`. */
export function tokenRows(model: ModuleNode, ids: readonly number[]) {
  const { path, node } = [...walk(model)].find((module) => module.node.type === 'Embedding')!;
  const [size, width] = node.parameters![0]!.shape as [number, number];
  const unknown = ids.find((id) => id >= size);
  if (unknown !== undefined) throw fault('peft/token-index', { id: unknown, size });
  const name = `${path}.token_adapter.trainable_tokens_delta`;
  const added: AddedParameter[] = [{ name, shape: [ids.length, width], trains: true }];
  return {
    path,
    added,
    /** Their rows of the table. */
    rowsOf(table: Float32Array): Float32Array {
      const rows = new Float32Array(ids.length * width);
      ids.forEach((id, i) => rows.set(table.subarray(id * width, (id + 1) * width), i * width));
      return rows;
    },
    /** Takes the trained rows into the table. */
    put(table: Float32Array, values: (name: string) => Float32Array): void {
      const rows = values(name);
      ids.forEach((id, i) => table.set(rows.subarray(i * width, (i + 1) * width), id * width));
    },
    /** The trained rows in the places of those tokens. */
    hook: (l: Layers, y: Tensor, given: Tensor): Tensor => {
      const g = l.graph;
      const column = reshape(g, given, [-1, 1]);
      const attributes = { T: { type: 'int32' }, incompatible_shape_error: { bool: true } } as const;
      const shape = [given.axis(1), ids.length];
      const isOne = g.op('Equal', [column, g.ints(...ids)], attributes, { dtype: 'bool', shape });
      const chosen = g.cast(isOne, 'float32');
      const others = binary(g, 'Sub', g.scalar(1), reduce(g, 'Sum', chosen, -1, true));
      const trained = product(g, chosen, l.parameters.value(name, 'float32'));
      return add(g, multiply(g, y, others), trained);
    },
  };
}
