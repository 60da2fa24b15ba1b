import type { BaseModel, Head } from '../../models/base-model.ts';
import { bytesOf } from '../../formats/dtype.ts';
import { writeFileAtomic } from '../../formats/atomic.ts';
import { portableGraph } from '../portable-graph.ts';
import { storedBytes } from '../write-weights.ts';
import type { OnnxPrecision } from '../targets.ts';
import { modelBytes, OnnxType, type WeightedModel, type WeightInitializer } from './messages.ts';
import { translate, type OnnxWeight } from './translate.ts';
import { quantized, type Int8Scales } from './quantize.ts';

/** A parameter of the finished model by its name. */
export type ReadValue = (name: string) => Promise<Float32Array>;

/**
 * Writes a model in ONNX (opset 17): inputs input_ids, attention_mask and token_type_ids, int64 [batch, length];
 * output `logits` [batch, labels] or `last_hidden_state` [batch, length, hidden], float32.
 */
export async function writeOnnx(
  file: string,
  base: BaseModel,
  read: ReadValue,
  options: { head: Head; precision: OnnxPrecision; scales?: Int8Scales; version: string },
): Promise<void> {
  const { head, precision, scales = 'per-channel', version } = options;
  const model = onnxModel(base, read, head);
  const finished =
    precision === 'fp16' ? toHalf(model) : precision === 'int8' ? quantized(model, scales) : model;
  await writeFileAtomic(file, modelBytes(finished, version));
}

/**
 * Weights of matrix products and tables in float16, everything that is computed in float32: half the file, and
 * answers that differ by what rounding the weights does and no more, on every device. Reading a weight that float16 does
 * not reach throws `export/beyond-half`.
 */
function toHalf(model: WeightedModel): WeightedModel {
  const halved = new Set<string>();
  const initializers = model.initializers.map((weight) => {
    if (weight.kind === 'constant' || weight.dims.length < 2) return weight;
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

function onnxModel(base: BaseModel, read: ReadValue, head: Head): WeightedModel {
  const { graph, inputs, output, weights } = portableGraph(base, head, 'int64');
  const { nodes, constants, weights: used, nameOf } = translate(graph);
  const held = new Map(weights.map(({ variable, name, factor }) => [variable.handle.node, { name, factor }]));
  const initializer = (weight: OnnxWeight): WeightInitializer => {
    const { name, factor } = held.get(weight.variable)!;
    const elements = weight.dims.reduce((product, size) => product * size, 1);
    return {
      name: weight.name,
      type: 'float32',
      dims: weight.dims,
      kind: weight.kind,
      bytes: 4 * elements,
      data: async () => {
        const values = scaled(await read(name), factor);
        return bytesOf(weight.transposed ? transposed(values, weight.dims) : values);
      },
    };
  };
  // The output keeps its name of `transformers`; the operation that makes it has another one in the graph.
  const made = nameOf(output.tensor);
  const named = nodes.map((node) => ({
    ...node,
    input: node.input.map((name) => (name === made ? output.name : name)),
    output: node.output.map((name) => (name === made ? output.name : name)),
  }));
  const outputDims =
    output.name === 'logits'
      ? ['batch_size', base.head.outputs]
      : ['batch_size', 'sequence_length', base.config.hidden_size];
  return {
    name: base.tree.type,
    nodes: named,
    initializers: [
      ...used.map(initializer),
      ...constants.map(({ name, type, dims, values }) => {
        const data =
          type === 'float32'
            ? Float32Array.from(values)
            : BigInt64Array.from(values.map((value) => BigInt(value)));
        const bytes = new Uint8Array(data.buffer);
        return {
          name,
          type,
          dims,
          kind: 'constant' as const,
          bytes: bytes.byteLength,
          data: () => Promise.resolve(bytes),
        };
      }),
    ],
    inputs: Object.values(inputs).map((tensor) => ({
      name: nameOf(tensor),
      type: 'int64',
      dims: ['batch_size', 'sequence_length'],
    })),
    outputs: [{ name: output.name, type: 'float32', dims: outputDims }],
    metadata: {},
  };
}

function scaled(values: Float32Array, factor: number): Float32Array {
  return factor === 1 ? values : values.map((value) => value * factor);
}

/** `dims`: of the result [in, out]; values are [out, in]. */
function transposed(values: Float32Array, [columns, rows]: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows!; i++)
    for (let j = 0; j < columns!; j++) result[j * rows! + i] = values[i * columns! + j]!;
  return result;
}
