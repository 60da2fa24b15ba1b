import { OnnxType, type OnnxNode } from './messages.ts';
import type { WeightedModel, WeightInitializer } from './write-onnx.ts';

/**
 * Dynamic int8 quantisation as onnxruntime's `quantize_dynamic` writes it: activations to uint8 when they come,
 * weights of matrix products to int8 with one scale a column (per-channel), symmetric, -127 … 127. Tables stay as
 * they are.
 */
export function quantized(model: WeightedModel): WeightedModel {
  const chosen = new Map(
    model.initializers
      .filter(({ product, dims }) => product && dims.length === 2)
      .map((one) => [one.name, one]),
  );
  const nodes: OnnxNode[] = [];
  const done = new Map<string, string>();
  for (const node of model.nodes) {
    const weight = node.op_type === 'MatMul' ? chosen.get(node.input[1]!) : undefined;
    if (!weight) {
      nodes.push(node);
      continue;
    }
    const x = node.input[0]!;
    const make = (
      op_type: string,
      input: string[],
      output: string[],
      attribute: OnnxNode['attribute'] = [],
    ): void => {
      nodes.push({ op_type, name: `${node.name}/${op_type}`, input, output, attribute });
    };
    let q = done.get(x);
    if (q === undefined) {
      q = `${x}/quantized`;
      done.set(x, q);
      nodes.push({
        op_type: 'DynamicQuantizeLinear',
        name: q,
        input: [x],
        output: [q, `${q}/scale`, `${q}/zero`],
        attribute: [],
      });
    }
    const [sum, wide, scale] = [`${node.name}/sum`, `${node.name}/wide`, `${node.name}/scale`];
    make('MatMulInteger', [q, `${weight.name}.int8`, `${q}/zero`, `${weight.name}.zero`], [sum]);
    make('Cast', [sum], [wide], [{ name: 'to', type: 2, i: OnnxType.float32 }]);
    nodes.push({
      op_type: 'Mul',
      name: scale,
      input: [`${q}/scale`, `${weight.name}.scale`],
      output: [scale],
      attribute: [],
    });
    nodes.push({
      op_type: 'Mul',
      name: `${node.name}/scaled`,
      input: [wide, scale],
      output: node.output,
      attribute: [],
    });
  }
  const initializers = model.initializers.flatMap((one) => (chosen.has(one.name) ? int8Parts(one) : [one]));
  return { ...model, nodes, initializers };
}

/** Values, one scale a column, one zero point a column. Made once, when the first of them is asked for. */
function int8Parts(weight: WeightInitializer): WeightInitializer[] {
  const [rows, columns] = weight.dims as readonly [number, number];
  let made: { values: Int8Array; scales: Float32Array } | undefined;
  const parts = async () => (made ??= perColumn(await weight.data(), rows, columns));
  const part = { product: false, dims: weight.dims };
  return [
    {
      ...part,
      name: `${weight.name}.int8`,
      type: 'int8',
      bytes: rows * columns,
      data: async () => new Uint8Array((await parts()).values.buffer),
    },
    {
      ...part,
      name: `${weight.name}.scale`,
      type: 'float32',
      dims: [columns],
      bytes: 4 * columns,
      data: async () => {
        const { scales } = await parts();
        made = undefined;
        return new Uint8Array(scales.buffer);
      },
    },
    {
      ...part,
      name: `${weight.name}.zero`,
      type: 'int8',
      dims: [columns],
      bytes: columns,
      data: () => Promise.resolve(new Uint8Array(columns)),
    },
  ];
}

function perColumn(bytes: Uint8Array, rows: number, columns: number) {
  const weights = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const scales = new Float32Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) scales[j] = Math.max(scales[j]!, Math.abs(weights[i * columns + j]!));
  }
  for (let j = 0; j < columns; j++) scales[j] = scales[j]! === 0 ? 1 : scales[j]! / 127;
  const values = new Int8Array(rows * columns);
  for (let i = 0; i < values.length; i++) values[i] = Math.round(weights[i]! / scales[i % columns]!);
  return { values, scales };
}
