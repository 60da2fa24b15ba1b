import { createRequire } from 'node:module';
import { DataType, type Attribute, type Graph, type Node, type Shape, type Tensor } from './graph.ts';

/** The part of TensorFlow's protobuf messages (as tfjs-node carries them) that a SavedModel is made of. */
type Message = { serializeBinary(): Uint8Array };
type Fields<Setters extends string> = Message & Record<Setters, (value: unknown) => unknown>;
type Maps<Getters extends string> = Record<Getters, () => { set(key: string, value: Message): unknown }>;
interface Messages {
  TensorShape: { new (): Fields<'addDim'>; Dim: new () => Fields<'setSize'> };
  AttrValue: {
    new (): Fields<'setType' | 'setB' | 'setI' | 'setF' | 'setS' | 'setShape' | 'setList' | 'setTensor'>;
    ListValue: new () => Fields<'setSList'>;
  };
  MetaGraphDef: {
    new (): Fields<'setMetaInfoDef' | 'setGraphDef'> & Maps<'getSignatureDefMap'>;
    MetaInfoDef: new () => Fields<'addTags' | 'setTensorflowVersion'>;
  };
  Tensor: new () => Fields<'setDtype' | 'setTensorShape' | 'setTensorContent'>;
  NodeDef: new () => Fields<'setName' | 'setOp' | 'addInput'> & Maps<'getAttrMap'>;
  GraphDef: new () => Fields<'setVersions' | 'addNode'>;
  VersionDef: new () => Fields<'setProducer' | 'setMinConsumer'>;
  TensorInfo: new () => Fields<'setName' | 'setDtype' | 'setTensorShape'>;
  SignatureDef: new () => Fields<'setMethodName'> & Maps<'getInputsMap' | 'getOutputsMap'>;
  SavedModel: new () => Fields<'setSavedModelSchemaVersion' | 'addMetaGraphs'>;
}
const pb = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js') as Messages;

/** TensorFlow 2.21's graph version: attributes and kernels are chosen by it. */
const PRODUCER = 1087;

/** The bytes of `saved_model.pb`: every node that a signature reaches, and the signatures, tagged `serve`. */
export function savedModelBytes(graph: Graph): Uint8Array {
  const meta = metaGraph(graph);
  meta.setGraphDef(graphDef(reachable(graph)));
  const model = savedModel();
  model.addMetaGraphs(meta);
  return model.serializeBinary();
}

/** The messages' parts one by one, for a file that is written piece by piece. */
export const savedModelHead = (): Uint8Array => savedModel().serializeBinary();
export const metaGraphBytes = (graph: Graph): Uint8Array => metaGraph(graph).serializeBinary();
export const graphDefBytes = (nodes: Iterable<Node>): Uint8Array => graphDef(nodes).serializeBinary();

function savedModel(): InstanceType<Messages['SavedModel']> {
  const model = new pb.SavedModel();
  model.setSavedModelSchemaVersion(1);
  return model;
}

function graphDef(nodes: Iterable<Node>): Message {
  const message = new pb.GraphDef();
  const versions = new pb.VersionDef();
  versions.setProducer(PRODUCER);
  versions.setMinConsumer(0);
  message.setVersions(versions);
  for (const node of nodes) message.addNode(nodeMessage(node));
  return message;
}

function metaGraph(graph: Graph): InstanceType<Messages['MetaGraphDef']> {
  const info = new pb.MetaGraphDef.MetaInfoDef();
  info.addTags('serve');
  info.setTensorflowVersion('2.21.0');
  const meta = new pb.MetaGraphDef();
  meta.setMetaInfoDef(info);
  for (const [name, { inputs, outputs }] of graph.signatures) {
    const signature = new pb.SignatureDef();
    signature.setMethodName(name === 'serving_default' ? 'tensorflow/serving/predict' : `graft/${name}`);
    for (const [key, tensor] of Object.entries(inputs)) signature.getInputsMap().set(key, tensorInfo(tensor));
    for (const [key, tensor] of Object.entries(outputs))
      signature.getOutputsMap().set(key, tensorInfo(tensor));
    meta.getSignatureDefMap().set(name, signature);
  }
  return meta;
}

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

function nodeMessage(node: Node): Message {
  const message = new pb.NodeDef();
  message.setName(node.name);
  message.setOp(node.op);
  for (const { node: from, index } of node.inputs)
    message.addInput(index ? `${from.name}:${index}` : from.name);
  for (const control of node.control) message.addInput(`^${control.name}`);
  for (const [key, value] of Object.entries(node.attributes))
    message.getAttrMap().set(key, attributeMessage(value));
  return message;
}

function attributeMessage(value: Attribute): Message {
  const message = new pb.AttrValue();
  if ('type' in value) message.setType(DataType[value.type]);
  else if ('bool' in value) message.setB(value.bool);
  else if ('int' in value) message.setI(value.int);
  else if ('float' in value) message.setF(value.float);
  else if ('string' in value) message.setS(new TextEncoder().encode(value.string));
  else if ('shape' in value) message.setShape(shapeMessage(value.shape));
  else if ('strings' in value) {
    const list = new pb.AttrValue.ListValue();
    list.setSList(value.strings.map((text) => new TextEncoder().encode(text)));
    message.setList(list);
  } else message.setTensor(tensorMessage(value.tensor));
  return message;
}

function tensorMessage({ dtype, shape, values }: Extract<Attribute, { tensor: unknown }>['tensor']): Message {
  const arrays = {
    float32: Float32Array,
    int32: Int32Array,
    uint16: Uint16Array,
    uint8: Uint8Array,
    bool: Uint8Array,
  };
  if (!(dtype in arrays)) throw new Error(`A constant of type ${dtype} is not supported.`);
  const array = arrays[dtype as keyof typeof arrays].from(values);
  const message = new pb.Tensor();
  message.setDtype(DataType[dtype]);
  message.setTensorShape(shapeMessage(shape));
  message.setTensorContent(new Uint8Array(array.buffer));
  return message;
}

function shapeMessage(shape: Shape): Message {
  const message = new pb.TensorShape();
  for (const size of shape) {
    const dim = new pb.TensorShape.Dim();
    dim.setSize(size);
    message.addDim(dim);
  }
  return message;
}

function tensorInfo(tensor: Tensor): Message {
  const message = new pb.TensorInfo();
  message.setName(tensor.key);
  message.setDtype(DataType[tensor.dtype]);
  message.setTensorShape(shapeMessage(tensor.shape));
  return message;
}
