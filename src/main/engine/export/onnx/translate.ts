import type { Attribute, DataTypeName, Graph, Node, Tensor } from '../../graph/graph.ts';
import { reachable } from '../../graph/saved-model.ts';
import { OnnxType, type OnnxAttribute, type OnnxNode, type OnnxTypeName } from './messages.ts';

export interface OnnxConstant {
  name: string;
  type: 'float32' | 'int64';
  dims: readonly number[];
  values: readonly number[];
}

/** A weight as it is used: a matrix product with a transposed weight wants it stored transposed. */
export interface OnnxWeight {
  name: string;
  /** The variable's handle node. */
  variable: Node;
  dims: readonly number[];
  transposed: boolean;
  /** Whether a matrix product takes it, or rows of it are read; int8 quantises each in its own way. */
  kind: 'product' | 'table';
}

export interface Translation {
  nodes: OnnxNode[];
  constants: OnnxConstant[];
  weights: OnnxWeight[];
  /** The name that a value of the graph has in the model. */
  nameOf: (tensor: Tensor) => string;
}

const elementwise: Readonly<Record<string, string>> = {
  AddV2: 'Add',
  Sub: 'Sub',
  Mul: 'Mul',
  RealDiv: 'Div',
  Neg: 'Neg',
  Minimum: 'Min',
  Maximum: 'Max',
  Abs: 'Abs',
  Erf: 'Erf',
  Tanh: 'Tanh',
  Sigmoid: 'Sigmoid',
  Relu: 'Relu',
  Exp: 'Exp',
  Sqrt: 'Sqrt',
  Cos: 'Cos',
  Sin: 'Sin',
};

/** No axis is as long. */
const BEYOND = 2 ** 40;

const ints = (name: string, ...values: number[]): OnnxAttribute => ({ name, type: 7, ints: values });
const int = (name: string, value: number): OnnxAttribute => ({ name, type: 2, i: value });

/**
 * Writes the operations of a portable graph in ONNX's words, one by one. ONNX wants shapes and indices as int64,
 * where TensorFlow's graph has int32: every int32 becomes int64.
 */
export function translate(graph: Graph): Translation {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxConstant>();
  const weights = new Map<string, OnnxWeight>();
  const names = new Map<string, string>();
  const nameOf = (tensor: Tensor): string => names.get(tensor.key) ?? tensor.key;

  const add = (
    op_type: string,
    node: Node,
    input: string[],
    attribute: OnnxAttribute[] = [],
    suffix = '',
  ): string => {
    const output = suffix === '' ? `${node.name}:0` : `${node.name}${suffix}`;
    nodes.push({ op_type, name: `${node.name}${suffix}`, input, output: [output], attribute });
    return output;
  };
  const constant = (
    type: OnnxConstant['type'],
    dims: readonly number[],
    values: readonly number[],
    name = `constant ${type} [${dims.join()}] ${values.join()}`,
  ): string => {
    constants.set(name, { name, type, dims, values });
    return name;
  };
  const weight = (tensor: Tensor, transposed: boolean, kind: OnnxWeight['kind']): string => {
    const variable = tensor.node.inputs[0]!.node;
    const name = `${variable.name.replace(/^var\//, '').replace(/\.variant_0$/, '')}${transposed ? '.T' : ''}`;
    const dims = transposed ? tensor.shape.toReversed() : tensor.shape;
    const isProduct = kind === 'product' || weights.get(name)?.kind === 'product';
    weights.set(name, { name, variable, dims, transposed, kind: isProduct ? 'product' : 'table' });
    return name;
  };
  const isWeight = (tensor: Tensor): boolean => tensor.node.op === 'ReadVariableOp';
  /** A matrix, or its transpose made by the graph. */
  const operand = (node: Node, i: number, transposed: boolean): string => {
    const tensor = node.inputs[i]!;
    if (isWeight(tensor)) return weight(tensor, transposed, 'product');
    const name = value(tensor);
    if (!transposed) return name;
    const rank = tensor.shape.length;
    const order = Array.from({ length: rank }, (_, axis) => axis)
      .with(-2, rank - 1)
      .with(-1, rank - 2);
    return add('Transpose', node, [name], [ints('perm', ...order)], `/transposed_${i}`);
  };
  const value = (tensor: Tensor): string => {
    if (isWeight(tensor)) return weight(tensor, false, 'table');
    return nameOf(tensor);
  };

  for (const node of reachable(graph)) {
    const { op, inputs, attributes } = node;
    const given = (): string[] => inputs.map(value);
    const plain = elementwise[op];
    if (plain !== undefined) {
      add(plain, node, given());
      continue;
    }
    switch (op) {
      case 'VarHandleOp':
      case 'ReadVariableOp':
        break;
      case 'Placeholder':
        names.set(`${node.name}:0`, node.name);
        break;
      case 'Const': {
        const { tensor } = attributes['value'] as Extract<Attribute, { tensor: unknown }>;
        const type = tensor.dtype === 'float32' ? 'float32' : 'int64';
        const values = Array.from(tensor.values);
        const own = values.length > 16 ? node.name : undefined;
        names.set(`${node.name}:0`, constant(type, tensor.shape, values, own));
        break;
      }
      case 'Square':
        add('Mul', node, [...given(), ...given()]);
        break;
      case 'Rsqrt':
        add('Reciprocal', node, [add('Sqrt', node, given(), [], '/root')]);
        break;
      case 'MatMul':
      case 'BatchMatMulV2': {
        const [a, b] = op === 'MatMul' ? ['transpose_a', 'transpose_b'] : ['adj_x', 'adj_y'];
        const sides = [a, b].map((key, i) => operand(node, i, flag(attributes[key])));
        add('MatMul', node, sides);
        break;
      }
      case 'Softmax':
        add('Softmax', node, given(), [int('axis', -1)]);
        break;
      case 'Mean': {
        const axes = constantOf(inputs[1]!);
        const keep = int('keepdims', flag(attributes['keep_dims']) ? 1 : 0);
        add('ReduceMean', node, [value(inputs[0]!)], [ints('axes', ...axes), keep]);
        break;
      }
      case 'Sum': {
        const keep = int('keepdims', flag(attributes['keep_dims']) ? 1 : 0);
        add('ReduceSum', node, given(), [keep]);
        break;
      }
      case 'Slice': {
        const [x, begin, size] = given() as [string, string, string];
        // -1 is all that is left: up to an end beyond every axis. Sizes that the graph computes hold none.
        const sizes = inputs[2]!.node.op === 'Const' ? constantOf(inputs[2]!) : undefined;
        const beyond = sizes?.map((length) => (length < 0 ? BEYOND : length));
        const rest = beyond ? constant('int64', [beyond.length], beyond) : size;
        add('Slice', node, [x, begin, add('Add', node, [begin, rest], [], '/end')]);
        break;
      }
      case 'Pad': {
        // [rank, 2] in TensorFlow: what stands before each axis and behind it; ONNX has all befores first.
        const pads = constantOf(inputs[1]!);
        const order = [0, 1].flatMap((side) => pads.filter((_, i) => i % 2 === side));
        add('Pad', node, [value(inputs[0]!), constant('int64', [order.length], order)]);
        break;
      }
      case 'ExpandDims':
        add('Unsqueeze', node, [value(inputs[0]!), constant('int64', [1], constantOf(inputs[1]!))]);
        break;
      case 'GatherV2':
        add('Gather', node, given().slice(0, 2), [int('axis', constantOf(inputs[2]!)[0]!)]);
        break;
      case 'Reshape':
        add('Reshape', node, given());
        break;
      case 'Transpose':
        add('Transpose', node, [value(inputs[0]!)], [ints('perm', ...constantOf(inputs[1]!))]);
        break;
      case 'ConcatV2':
        add('Concat', node, given().slice(0, -1), [int('axis', constantOf(inputs.at(-1)!)[0]!)]);
        break;
      case 'Shape':
        add('Shape', node, given());
        break;
      case 'Range':
        add('Range', node, given());
        break;
      case 'Cumsum':
        add('CumSum', node, given(), [int('exclusive', flag(attributes['exclusive']) ? 1 : 0)]);
        break;
      case 'Cast': {
        const to = onnxType(node.outputs[0]!.dtype);
        if (to === onnxType(inputs[0]!.dtype)) names.set(`${node.name}:0`, value(inputs[0]!));
        else add('Cast', node, given(), [int('to', OnnxType[to])]);
        break;
      }
      default:
        throw new Error(`${op} has no ONNX form.`);
    }
  }
  const read = new Set(nodes.flatMap(({ input }) => input));
  const used = [...constants.values()].filter(({ name }) => read.has(name));
  return { nodes, constants: used, weights: [...weights.values()], nameOf };
}

function onnxType(dtype: DataTypeName): OnnxTypeName {
  if (dtype === 'int32' || dtype === 'int64') return 'int64';
  if (dtype === 'float32') return 'float32';
  throw new Error(`Values of type ${dtype} have no place in an exported model.`);
}

function flag(attribute: Attribute | undefined): boolean {
  return attribute !== undefined && 'bool' in attribute && attribute.bool;
}

function constantOf(tensor: Tensor): number[] {
  const attribute = tensor.node.attributes['value'];
  if (!attribute || !('tensor' in attribute)) throw new Error(`${tensor.key} is not a constant.`);
  return Array.from(attribute.tensor.values);
}
