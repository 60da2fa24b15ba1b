import { storedBytes } from '../write-weights.ts';
import { OnnxType } from './messages.ts';
import type { WeightedModel } from './write-onnx.ts';

/**
 * Weights of matrix products and tables in float16, everything that is computed in float32: half the file, and
 * answers that differ by what rounding the weights does and no more, on every device. Reading a weight that float16 does
 * not reach throws `export/beyond-half`.
 */
export function toHalf(model: WeightedModel): WeightedModel {
  const halved = new Set<string>();
  const initializers = model.initializers.map((weight) => {
    if (weight.type !== 'float32' || weight.dims.length < 2) return weight;
    halved.add(weight.name);
    return {
      ...weight,
      name: `${weight.name}.fp16`,
      type: 'float16' as const,
      bytes: weight.bytes / 2,
      data: async () => {
        const bytes = await weight.data();
        const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
        return storedBytes(values, 'F16', weight.name.replace(/\.T$/, ''));
      },
    };
  });
  const casts = [...halved].map((name) => ({
    op_type: 'Cast',
    name: `${name}/widened`,
    input: [`${name}.fp16`],
    output: [name],
    attribute: [{ name: 'to', type: 2 as const, i: OnnxType.float32 }],
  }));
  return { ...model, initializers, nodes: [...casts, ...model.nodes] };
}
