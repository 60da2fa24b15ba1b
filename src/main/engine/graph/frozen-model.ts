import type { Graph, Node } from './graph.ts';
import { constantParts, graphDefBytes, metaGraphBytes, reachable, savedModelHead } from './saved-model.ts';

/** A variable's value, row-major and little-endian in the variable's type; asked for when its turn comes. */
export interface FrozenValue {
  bytes: number;
  data: () => Promise<Uint8Array>;
}

/** Places of fields in TensorFlow's messages: what encloses a constant's bytes, from the outside. */
const field = {
  metaGraph: 2,
  graphDef: 2,
  node: 1,
  attribute: 5,
  mapValue: 2,
  tensor: 8,
  content: 4,
} as const;

/**
 * The bytes of a `saved_model.pb` in which every variable is a constant: one file that needs nothing beside it,
 * written with one value in memory at a time. `valueOf` gets the node of a variable's handle. Protobuf ends at 2 GB.
 */
export async function* frozenModelBytes(
  graph: Graph,
  valueOf: (handle: Node) => FrozenValue,
): AsyncGenerator<Uint8Array> {
  const nodes = [...reachable(graph)].filter(({ op }) => op !== 'VarHandleOp');
  const plain = graphDefBytes(nodes.filter(({ op }) => op !== 'ReadVariableOp'));
  const frozen = nodes
    .filter(({ op }) => op === 'ReadVariableOp')
    .map((node) => {
      const value = valueOf(node.inputs[0]!.node);
      return { value, head: constantHead(node, value.bytes) };
    });
  const size = frozen.reduce((sum, { head, value }) => sum + head.length + value.bytes, plain.length);
  const meta = Buffer.concat([metaGraphBytes(graph), tag(field.graphDef, size)]);
  yield savedModelHead();
  yield tag(field.metaGraph, meta.length + size);
  yield meta;
  yield plain;
  for (const { head, value } of frozen) {
    yield head;
    yield await value.data();
  }
}

/** All of a constant's node but its values, which follow. */
function constantHead(node: Node, bytes: number): Uint8Array {
  const { definition, key, tensor } = constantParts(node);
  const none = new Uint8Array();
  const levels = [
    { before: none, inside: field.node },
    { before: definition, inside: field.attribute },
    { before: key, inside: field.mapValue },
    { before: none, inside: field.tensor },
    { before: tensor, inside: field.content },
  ];
  let head: Uint8Array = none;
  for (const { before, inside } of levels.reverse()) {
    head = Buffer.concat([before, tag(inside, head.length + bytes), head]);
  }
  return head;
}

/** Number and length of a field whose bytes follow, as protobuf writes them. */
function tag(number: number, length: number): Uint8Array {
  const bytes = [(number << 3) | 2];
  let left = length;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Uint8Array.from([...bytes, left]);
}
