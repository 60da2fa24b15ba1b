import { OnnxType, type OnnxNode, type WeightedModel, type WeightInitializer } from './messages.ts';

/** Of a weight of a matrix product: one scale a column, or one for all of it. */
export type Int8Scales = 'per-channel' | 'per-tensor';

/**
 * Dynamic int8 quantisation as onnxruntime's `quantize_dynamic` writes it: activations to uint8 when they come,
 * weights of matrix products to int8, symmetric, -127 … 127. Tables become int8 with a scale a row.
 */
export function quantized(model: WeightedModel, scales: Int8Scales): WeightedModel {
  const weights = new Map(model.initializers.map((weight) => [weight.name, weight]));
  const matrix = (
    name: string | undefined,
    kind: WeightInitializer['kind'],
  ): WeightInitializer | undefined => {
    const found = weights.get(name ?? '');
    return found?.kind === kind && found.dims.length === 2 ? found : undefined;
  };
  const parts = new Map<string, WeightInitializer[]>();
  const quantizedInputs = new Set<string>();
  const nodes = model.nodes.flatMap((node) => {
    const factor = node.op_type === 'MatMul' ? matrix(node.input[1], 'product') : undefined;
    if (factor) {
      parts.set(factor.name, productParts(factor, scales));
      const first = !quantizedInputs.has(node.input[0]!);
      quantizedInputs.add(node.input[0]!);
      return productNodes(node, factor.name, first);
    }
    const table = node.op_type === 'Gather' ? matrix(node.input[0], 'table') : undefined;
    if (!table) return [node];
    parts.set(table.name, tableParts(table));
    return tableNodes(node, table.name);
  });
  const initializers = model.initializers.flatMap(
    (initializer) => parts.get(initializer.name) ?? [initializer],
  );
  return { ...model, nodes, initializers };
}

const toFloat: OnnxNode['attribute'] = [{ name: 'to', type: 2, i: OnnxType.float32 }];

/** x·W as MatMulInteger of both in 8 bits, times both scales. An input is quantised once, where it is `first` used. */
function productNodes(node: OnnxNode, weight: string, first: boolean): OnnxNode[] {
  const x = node.input[0]!;
  const q = `${x}/quantized`;
  const at = (suffix: string): string => `${node.name}/${suffix}`;
  const make = (op_type: string, input: string[], output: string[], attribute: OnnxNode['attribute'] = []) =>
    ({ op_type, name: `${output[0]!}/${op_type}`, input, output, attribute }) satisfies OnnxNode;
  return [
    ...(first ? [make('DynamicQuantizeLinear', [x], [q, `${q}/scale`, `${q}/zero`])] : []),
    make('MatMulInteger', [q, `${weight}.int8`, `${q}/zero`, `${weight}.zero`], [at('sum')]),
    make('Cast', [at('sum')], [at('wide')], toFloat),
    make('Mul', [`${q}/scale`, `${weight}.scale`], [at('scale')]),
    make('Mul', [at('wide'), at('scale')], node.output),
  ];
}

/** Rows of the table and their scales, multiplied. */
function tableNodes(node: OnnxNode, table: string): OnnxNode[] {
  const ids = node.input[1]!;
  const gather = (part: string): OnnxNode => ({
    ...node,
    name: `${node.name}/${part}`,
    input: [`${table}.${part}`, ids],
    output: [`${node.name}/${part}`],
  });
  const wide = `${node.name}/wide`;
  const cast: OnnxNode = {
    op_type: 'Cast',
    name: wide,
    input: [`${node.name}/int8`],
    output: [wide],
    attribute: toFloat,
  };
  const product: OnnxNode = {
    op_type: 'Mul',
    name: `${node.name}/scaled`,
    input: [wide, `${node.name}/scale`],
    output: node.output,
    attribute: [],
  };
  return [gather('int8'), gather('scale'), cast, product];
}

/** Values, scales and zero points of a matrix product's weight. */
function productParts(weight: WeightInitializer, scales: Int8Scales): WeightInitializer[] {
  const [rows, columns] = weight.dims as readonly [number, number];
  const groups = scales === 'per-channel' ? columns : 1;
  const groupOf = groups === 1 ? () => 0 : (i: number) => i % columns;
  const dims = groups === 1 ? [] : [columns];
  const zero: WeightInitializer = {
    name: `${weight.name}.zero`,
    type: 'int8',
    dims,
    kind: 'constant',
    bytes: groups,
    data: () => Promise.resolve(new Uint8Array(groups)),
  };
  return [...int8Parts(weight, rows * columns, groups, groupOf, dims), zero];
}

/** Values of a table, and a scale a row. */
function tableParts(table: WeightInitializer): WeightInitializer[] {
  const [rows, columns] = table.dims as readonly [number, number];
  return int8Parts(table, rows * columns, rows, (i) => Math.floor(i / columns), [rows, 1]);
}

/** Made once, when the first of the two is asked for. */
function int8Parts(
  weight: WeightInitializer,
  elements: number,
  groups: number,
  groupOf: (i: number) => number,
  scaleDims: readonly number[],
): WeightInitializer[] {
  let made: { values: Int8Array; scales: Float32Array } | undefined;
  const parts = async () => (made ??= toInt8(await weight.data(), groups, groupOf));
  const part = { kind: 'constant' as const, dims: weight.dims };
  return [
    {
      ...part,
      name: `${weight.name}.int8`,
      type: 'int8',
      bytes: elements,
      data: async () => new Uint8Array((await parts()).values.buffer),
    },
    {
      ...part,
      name: `${weight.name}.scale`,
      type: 'float32',
      dims: scaleDims,
      bytes: 4 * groups,
      data: async () => {
        const { scales } = await parts();
        made = undefined;
        return new Uint8Array(scales.buffer);
      },
    },
  ];
}

/** Each value over its group's scale, which takes the largest of them to 127. */
function toInt8(bytes: Uint8Array, groups: number, groupOf: (i: number) => number) {
  const weights = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const scales = new Float32Array(groups);
  for (let i = 0; i < weights.length; i++) {
    const group = groupOf(i);
    scales[group] = Math.max(scales[group]!, Math.abs(weights[i]!));
  }
  for (let group = 0; group < groups; group++) scales[group] = scales[group] === 0 ? 1 : scales[group]! / 127;
  const values = new Int8Array(weights.length);
  for (let i = 0; i < values.length; i++) values[i] = Math.round(weights[i]! / scales[groupOf(i)]!);
  return { values, scales };
}
