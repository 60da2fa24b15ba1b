import { protoEncoder } from '../formats/proto-encoder.ts';
import { DataType, type Attribute, type Graph, type Node, type Shape, type Tensor } from './graph.ts';

/** The part of TensorFlow's messages (Apache-2.0) that a SavedModel is made of. */
const encode = protoEncoder(`
  syntax = "proto3";
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; }
  message TensorProto { int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4; }
  message ListValue { repeated string s = 2; }
  message AttrValue { oneof value { ListValue list = 1; string s = 2; int64 i = 3; float f = 4; bool b = 5;
    int32 type = 6; Shape shape = 7; TensorProto tensor = 8; } }
  message NodeDef { string name = 1; string op = 2; repeated string input = 3; map<string, AttrValue> attr = 5; }
  message VersionDef { int32 producer = 1; }
  message GraphDef { repeated NodeDef node = 1; VersionDef versions = 4; }
  message TensorInfo { string name = 1; int32 dtype = 2; Shape tensor_shape = 3; }
  message SignatureDef { map<string, TensorInfo> inputs = 1; map<string, TensorInfo> outputs = 2;
    string method_name = 3; }
  message MetaInfoDef { repeated string tags = 4; string tensorflow_version = 5; }
  message MetaGraphDef { MetaInfoDef meta_info_def = 1; bytes graph_def = 2; map<string, SignatureDef> signature_def = 5; }
  message SavedModel { int64 saved_model_schema_version = 1; repeated bytes meta_graphs = 2; }
`);

/** TensorFlow 2.21's graph version: attributes and kernels are chosen by it. */
const PRODUCER = 1087;

/** The bytes of `saved_model.pb`: every node that a signature reaches, and the signatures, tagged `serve`. */
export function savedModelBytes(graph: Graph): Uint8Array {
  const meta = encode('MetaGraphDef', { ...metaGraph(graph), graph_def: graphDefBytes(reachable(graph)) });
  return encode('SavedModel', { saved_model_schema_version: 1, meta_graphs: [meta] });
}

/** The messages' parts one by one, for a file that is written piece by piece. */
export const savedModelHead = (): Uint8Array => encode('SavedModel', { saved_model_schema_version: 1 });
export const metaGraphBytes = (graph: Graph): Uint8Array => encode('MetaGraphDef', metaGraph(graph));
export const graphDefBytes = (nodes: Iterable<Node>): Uint8Array =>
  encode('GraphDef', { node: [...nodes].map(nodeMessage), versions: { producer: PRODUCER } });

function metaGraph(graph: Graph): object {
  const signatures = mapped(Object.fromEntries(graph.signatures), ({ inputs, outputs }, name) => ({
    inputs: mapped(inputs, tensorInfo),
    outputs: mapped(outputs, tensorInfo),
    method_name: name === 'serving_default' ? 'tensorflow/serving/predict' : `graft/${name}`,
  }));
  return { meta_info_def: { tags: ['serve'], tensorflow_version: '2.21.0' }, signature_def: signatures };
}

/** A map field; its entries stand in the order of their keys. */
const mapped = <From, To>(
  fields: Readonly<Record<string, From>>,
  to: (value: From, key: string) => To,
): Record<string, To> =>
  Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((key) => [key, to(fields[key]!, key)]),
  );

/** Nodes upstream of the signatures, inputs before their users. */
export function reachable(graph: Graph): Set<Node> {
  const done = new Set<Node>();
  const visit = (start: Node): void => {
    const stack: { node: Node; opened: boolean }[] = [{ node: start, opened: false }];
    while (stack.length > 0) {
      const { node, opened } = stack.pop()!;
      if (done.has(node)) continue;
      if (opened) {
        done.add(node);
        continue;
      }
      stack.push({ node, opened: true });
      for (const input of node.inputs) stack.push({ node: input.node, opened: false });
      for (const control of node.control) stack.push({ node: control, opened: false });
    }
  };
  for (const { inputs, outputs } of graph.signatures.values()) {
    for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) visit(tensor.node);
  }
  return done;
}

const nodeMessage = ({ name, op, inputs, control, attributes }: Node): object => ({
  name,
  op,
  input: [
    ...inputs.map(({ node, index }) => (index ? `${node.name}:${index}` : node.name)),
    ...control.map((node) => `^${node.name}`),
  ],
  attr: mapped(attributes, attributeMessage),
});

function attributeMessage(value: Attribute): object {
  if ('type' in value) return { type: DataType[value.type] };
  if ('bool' in value) return { b: value.bool };
  if ('int' in value) return { i: value.int };
  if ('float' in value) return { f: value.float };
  if ('string' in value) return { s: value.string };
  if ('shape' in value) return { shape: shapeMessage(value.shape) };
  if ('strings' in value) return { list: { s: value.strings } };
  return { tensor: tensorMessage(value.tensor) };
}

const arrays = {
  float32: Float32Array,
  int32: Int32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

function tensorMessage({ dtype, shape, values }: Extract<Attribute, { tensor: unknown }>['tensor']): object {
  if (!(dtype in arrays)) throw new Error(`A constant of type ${dtype} is not supported.`);
  const { buffer } = arrays[dtype as keyof typeof arrays].from(values);
  return {
    dtype: DataType[dtype],
    tensor_shape: shapeMessage(shape),
    tensor_content: new Uint8Array(buffer),
  };
}

const shapeMessage = (shape: Shape): object => ({ dim: shape.map((size) => ({ size })) });

const tensorInfo = (tensor: Tensor): object => ({
  name: tensor.key,
  dtype: DataType[tensor.dtype],
  tensor_shape: shapeMessage(tensor.shape),
});
