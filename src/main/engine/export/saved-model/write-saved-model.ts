import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../../formats/atomic.ts';
import { bytesOf } from '../../formats/dtype.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import { graphDefBytes, metaGraphBytes, reachable, savedModelHead } from '../../graph/saved-model.ts';
import type { BaseModel, Head } from '../../models/base-model.ts';
import { elements } from '../../models/parameters.ts';
import { portableGraph } from '../portable-graph.ts';
import { protoEncoder } from '../../formats/proto-encoder.ts';
import { writeTensorBundle } from './tensor-bundle.ts';

/** The part of TensorFlow's messages (Apache-2.0) that says how variables are filled from their files. */
const encode = protoEncoder(
  `
  syntax = "proto3";
  message ListValue { repeated int32 type = 6; }
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; }
  message Tensor { int32 dtype = 1; Shape tensor_shape = 2; repeated bytes string_val = 8; }
  message AttrValue { ListValue list = 1; int32 type = 6; Shape shape = 7; Tensor tensor = 8; }
  message NodeDef { string name = 1; string op = 2; repeated string input = 3; map<string, AttrValue> attr = 5; }
  message GraphDef { repeated NodeDef node = 1; }
  message SaverDef { string filename_tensor_name = 1; string save_tensor_name = 2; string restore_op_name = 3;
    int32 version = 7; }
  message MetaGraphDef { bytes graph_def = 2; SaverDef saver_def = 3; }
  message SavedModel { bytes meta_graphs = 2; }
`,
);

/**
 * Writes a TensorFlow SavedModel, tag `serve`, signature `serving_default`: input_ids, attention_mask and
 * token_type_ids, int32 [batch, length]; `logits` or `last_hidden_state`, float32. `read` gives a parameter of the
 * finished model by its name. Weights are variables in a checkpoint: as constants, loading would hold them five times.
 */
export async function writeSavedModel(
  folder: string,
  base: BaseModel,
  read: (name: string) => Promise<Float32Array>,
  head: Head,
): Promise<void> {
  const { graph, weights } = portableGraph(base, head, 'int32');
  await mkdir(folder, { recursive: true });
  const nodes = [...reachable(graph)];
  const used = new Set(nodes);
  const live = weights.filter(({ variable }) => used.has(variable.handle.node));
  const tensors = live.map(({ variable, name, factor }) => ({
    name: variable.name,
    shape: variable.shape,
    bytes: 4 * elements(variable.shape),
    data: async () => {
      const values = await read(name);
      return bytesOf(factor === 1 ? values : values.map((value) => value * factor));
    },
  }));
  const unique = await writeTensorBundle(path.join(folder, 'variables'), tensors);
  const bytes = savedModelBytes(graph, nodes, unique);
  await writeFileAtomic(path.join(folder, 'saved_model.pb'), bytes);
}

function savedModelBytes(graph: Graph, nodes: readonly Node[], unique: string): Uint8Array {
  // Where several models share a process (Python), variables of one name would be one variable.
  const own = nodes.map((node) =>
    node.op === 'VarHandleOp'
      ? { ...node, attributes: { ...node.attributes, shared_name: { string: `${unique}/${node.name}` } } }
      : node,
  );
  // Serialised messages that follow each other are one message with the fields of all.
  const graphDef = Buffer.concat([graphDefBytes(own), encode('GraphDef', { node: saver(nodes) })]);
  const meta = encode('MetaGraphDef', {
    graph_def: graphDef,
    saver_def: {
      filename_tensor_name: 'saver/filename:0',
      save_tensor_name: 'saver/saved:0',
      restore_op_name: 'saver/restore_all',
      version: 2,
    },
  });
  const metaGraph = Buffer.concat([metaGraphBytes(graph), meta]);
  return Buffer.concat([savedModelHead(), encode('SavedModel', { meta_graphs: metaGraph })]);
}

const [FLOAT, STRING] = [1, 7];

/** What tf.train.Saver adds to a graph: reads all variables from files of a given prefix, or writes them. */
function saver(nodes: readonly Node[]): object[] {
  const handles = nodes.filter(({ op }) => op === 'VarHandleOp');
  const reads = handles.map((handle) =>
    nodes.find(({ op, inputs }) => op === 'ReadVariableOp' && inputs[0]!.node === handle),
  );
  const texts = (name: string, values: readonly string[]): object => ({
    name,
    op: 'Const',
    attr: {
      dtype: { type: STRING },
      value: {
        tensor: {
          dtype: STRING,
          tensor_shape: { dim: [{ size: values.length }] },
          string_val: values.map((value) => Buffer.from(value)),
        },
      },
    },
  });
  const inputs = ['saver/filename', 'saver/names', 'saver/slices'];
  const dtypes = { list: { type: handles.map(() => FLOAT) } };
  const variables = handles.map(({ name }) => name.replace(/^var\//, ''));
  return [
    { name: 'saver/filename', op: 'Placeholder', attr: { dtype: { type: STRING }, shape: { shape: {} } } },
    texts('saver/names', variables),
    texts(
      'saver/slices',
      variables.map(() => ''),
    ),
    { name: 'saver/restored', op: 'RestoreV2', input: inputs, attr: { dtypes } },
    ...handles.map(({ name }, i) => ({
      name: `saver/assign_${i}`,
      op: 'AssignVariableOp',
      input: [name, i === 0 ? 'saver/restored' : `saver/restored:${i}`],
      attr: { dtype: { type: FLOAT } },
    })),
    { name: 'saver/restore_all', op: 'NoOp', input: handles.map((_, i) => `^saver/assign_${i}`) },
    {
      name: 'saver/save',
      op: 'SaveV2',
      input: [...inputs, ...reads.map((read) => read!.name)],
      attr: { dtypes },
    },
    {
      name: 'saver/saved',
      op: 'Identity',
      input: ['saver/filename', '^saver/save'],
      attr: { T: { type: STRING } },
    },
  ];
}
