import protobuf from 'protobufjs';
import { protoEncoder } from '../../formats/proto-encoder.ts';

/** The part of onnx.proto (ONNX, Apache-2.0) that an exported model is made of. */
const encode = protoEncoder(
  `
  syntax = "proto3";
  message Attribute { string name = 1; float f = 2; int64 i = 3; bytes s = 4; Tensor t = 5;
    repeated float floats = 7; repeated int64 ints = 8; int32 type = 20; }
  message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated Attribute attribute = 5; }
  message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  message Shape { repeated Dimension dim = 1; }
  message TensorType { int32 elem_type = 1; Shape shape = 2; }
  message Type { TensorType tensor_type = 1; }
  message ValueInfo { string name = 1; Type type = 2; }
  message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5;
    repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
  message OperatorSet { string domain = 1; int64 version = 2; }
  message Entry { string key = 1; string value = 2; }
  message Model { int64 ir_version = 1; string producer_name = 2; string producer_version = 3; Graph graph = 7;
    repeated OperatorSet opset_import = 8; repeated Entry metadata_props = 14; }
`,
);

/** Element types by ONNX's numbers. */
export const OnnxType = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
export type OnnxTypeName = keyof typeof OnnxType;

export type OnnxAttribute =
  | { name: string; type: 1; f: number }
  | { name: string; type: 2; i: number }
  | { name: string; type: 7; ints: number[] };

export interface OnnxNode {
  op_type: string;
  name: string;
  input: string[];
  output: string[];
  attribute: OnnxAttribute[];
}

export interface OnnxTensor {
  name: string;
  type: OnnxTypeName;
  dims: readonly number[];
}

/** Little-endian values of a tensor, asked for when its turn comes. */
export interface OnnxInitializer extends OnnxTensor {
  bytes: number;
  data: () => Promise<Uint8Array>;
}

export interface OnnxModel {
  name: string;
  nodes: OnnxNode[];
  initializers: OnnxInitializer[];
  /** A text instead of a number names an open axis. */
  inputs: (Omit<OnnxTensor, 'dims'> & { dims: readonly (number | string)[] })[];
  outputs: OnnxModel['inputs'];
  metadata: Record<string, string>;
}

/** ONNX 1.12: taken by onnxruntime 1.12 and newer, and by transformers.js. */
const OPSET = 17;
const IR_VERSION = 8;
const GRAPH_FIELD = 7;
const INITIALIZER_FIELD = 5;
const RAW_DATA_FIELD = 9;
const BYTES = 2;

const tagged = (field: number, length: number): Uint8Array =>
  protobuf.Writer.create()
    .uint32((field << 3) | BYTES)
    .uint32(length)
    .finish();

/** The bytes of a model file, one weight in memory at a time. */
export async function* modelBytes(model: OnnxModel, version: string): AsyncGenerator<Uint8Array> {
  const valueInfo = ({ name, type, dims }: OnnxModel['inputs'][number]) => ({
    name,
    type: {
      tensor_type: {
        elem_type: OnnxType[type],
        shape: {
          dim: dims.map((dim) => (typeof dim === 'string' ? { dim_param: dim } : { dim_value: dim })),
        },
      },
    },
  });
  const graph = encode('Graph', {
    node: model.nodes,
    name: model.name,
    input: model.inputs.map(valueInfo),
    output: model.outputs.map(valueInfo),
  });
  // Written piece by piece: fields of a message may come in any order, and the raw bytes last.
  const heads = model.initializers.map(({ name, type, dims, bytes }) => {
    const head = encode('Tensor', { name, data_type: OnnxType[type], dims });
    const raw = tagged(RAW_DATA_FIELD, bytes);
    const tag = tagged(INITIALIZER_FIELD, head.length + raw.length + bytes);
    return Buffer.concat([tag, head, raw]);
  });
  const size = model.initializers.reduce((sum, { bytes }, i) => sum + bytes + heads[i]!.length, graph.length);
  yield encode('Model', {
    ir_version: IR_VERSION,
    producer_name: 'graft',
    producer_version: version,
    opset_import: [{ domain: '', version: OPSET }],
    metadata_props: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
  });
  yield tagged(GRAPH_FIELD, size);
  yield graph;
  for (const [i, { name, bytes, data }] of model.initializers.entries()) {
    yield heads[i]!;
    const values = await data();
    if (values.byteLength !== bytes)
      throw new Error(`${name}: ${values.byteLength} bytes instead of ${bytes}.`);
    yield values;
  }
}

/** `product`: a weight that a matrix product takes, `dims` are [in, out]; `table`: another weight. */
export interface WeightInitializer extends OnnxInitializer {
  kind: 'product' | 'table' | 'constant';
}

export interface WeightedModel extends OnnxModel {
  initializers: WeightInitializer[];
}
