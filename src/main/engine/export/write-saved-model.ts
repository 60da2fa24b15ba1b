import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../formats/atomic.ts';
import { bytesOf } from '../formats/dtype.ts';
import { frozenModelBytes } from '../graph/frozen-model.ts';
import type { BaseModel, Head } from '../models/base-model.ts';
import { elements } from '../models/parameters.ts';
import { portableGraph } from './portable-graph.ts';

/**
 * Writes a TensorFlow SavedModel, tag `serve`, signature `serving_default`: input_ids, attention_mask and
 * token_type_ids, int32 [batch, length]; `logits` or `last_hidden_state`, float32. `read` gives a parameter of the
 * finished model by its name.
 */
export async function writeSavedModel(
  folder: string,
  base: BaseModel,
  read: (name: string) => Promise<Float32Array>,
  head: Head,
): Promise<void> {
  const { graph, weights } = portableGraph(base, head, 'int32');
  const held = new Map(weights.map((weight) => [weight.variable.handle.node, weight]));
  const bytes = frozenModelBytes(graph, (handle) => {
    const { variable, name, factor } = held.get(handle)!;
    return {
      bytes: 4 * elements(variable.shape),
      data: async () => {
        const values = await read(name);
        return bytesOf(factor === 1 ? values : values.map((value) => value * factor));
      },
    };
  });
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(path.join(folder, 'saved_model.pb'), bytes);
}
