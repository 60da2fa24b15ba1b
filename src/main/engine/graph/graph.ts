/** A TensorFlow graph under construction, with a tape from which `gradients.ts` derives the backward pass. */

/** Element types by TensorFlow's DataType numbers. */
export const DataType = {
  float32: 1,
  int32: 3,
  uint8: 4,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  uint16: 17,
  resource: 20,
} as const;
export type DataTypeName = keyof typeof DataType;

/** Length of each axis; -1 where it is known only when the graph runs. */
export type Shape = readonly number[];

export type Attribute =
  | { type: DataTypeName }
  | { bool: boolean }
  | { int: number }
  | { float: number }
  | { string: string }
  | { strings: readonly string[] }
  | { shape: Shape }
  | { tensor: { dtype: DataTypeName; shape: Shape; values: ArrayLike<number> } };

export interface Output {
  dtype: DataTypeName;
  shape: Shape;
}

export interface Node {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly control: readonly Node[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Output[];
}

/** One output of a node: a value that exists when the graph runs. */
export class Tensor {
  readonly node: Node;
  readonly index: number;
  /** Whether a parameter that trains lies upstream; only then is an operation recorded. */
  differentiable = false;
  /** The same value times `factor`, at no cost while the graph runs, where the producer can fold it in. */
  rescaled?: (factor: number) => Tensor;

  constructor(node: Node, index: number) {
    this.node = node;
    this.index = index;
  }

  get dtype(): DataTypeName {
    return this.node.outputs[this.index]!.dtype;
  }

  get shape(): Shape {
    return this.node.outputs[this.index]!.shape;
  }

  get key(): string {
    return `${this.node.name}:${this.index}`;
  }

  /** Length of an axis from the end, -1 where open. */
  axis(fromEnd: number): number {
    return this.shape[this.shape.length - fromEnd] ?? -1;
  }
}

/**
 * The gradient of one recorded operation. `outputs[i]` is the loss's gradient with respect to output i, absent
 * where nothing depends on it. `into(i)` hands over what input i has gathered so far, for an operation that can
 * add its own share at no extra pass; what it returns then replaces it.
 */
export type Backward = (
  outputs: readonly (Tensor | undefined)[],
  into: (input: number) => Tensor | undefined,
) => readonly (Tensor | undefined)[];

export interface TapeEntry {
  inputs: readonly Tensor[];
  outputs: readonly Tensor[];
  backward: Backward;
}

export interface Signature {
  inputs: Record<string, Tensor>;
  outputs: Record<string, Tensor>;
}

/** A resource variable: its handle and the type of what it holds. */
export interface Variable {
  name: string;
  handle: Tensor;
  dtype: DataTypeName;
  shape: Shape;
}

export type Values = Float32Array | Int32Array;
/** What a signature's inputs are fed; with its shape where more than one of its axes is open. */
export type Feeds = Readonly<Record<string, Values | { shape: Shape; data: Values }>>;

export class Graph {
  readonly tape: TapeEntry[] = [];
  readonly signatures = new Map<string, Signature>();
  private readonly constants = new Map<string, Tensor>();
  private readonly casts = new Map<string, Tensor>();
  private counter = 0;

  /** Adds a node with one output. */
  op(
    op: string,
    inputs: readonly Tensor[],
    attributes: Record<string, Attribute>,
    output: Output,
    control: readonly Node[] = [],
    name?: string,
  ): Tensor {
    return this.node(op, inputs, attributes, [output], control, name)[0]!;
  }

  /** Adds a node and gives its outputs. Nodes that no signature reaches are not written. */
  node(
    op: string,
    inputs: readonly Tensor[],
    attributes: Record<string, Attribute>,
    outputs: readonly Output[],
    control: readonly Node[] = [],
    name = `${op.replace(/^_/, '')}_${this.counter++}`,
  ): Tensor[] {
    const node: Node = { op, name, inputs, control, attributes, outputs };
    if (outputs.length === 0) return [new Tensor(node, 0)];
    return outputs.map((_, index) => new Tensor(node, index));
  }

  /** A constant; equal ones are made once. */
  constant(dtype: DataTypeName, shape: Shape, values: readonly number[]): Tensor {
    const key = `${dtype}|${shape.join()}|${values.join()}`;
    let constant = this.constants.get(key);
    if (!constant) {
      constant = this.op(
        'Const',
        [],
        { dtype: { type: dtype }, value: { tensor: { dtype, shape, values } } },
        { dtype, shape },
      );
      this.constants.set(key, constant);
    }
    return constant;
  }

  scalar(value: number): Tensor {
    return this.constant('float32', [], [value]);
  }

  ints(...values: number[]): Tensor {
    return this.constant('int32', [values.length], values);
  }

  placeholder(name: string, dtype: DataTypeName, shape: Shape): Tensor {
    const attributes: Record<string, Attribute> = { dtype: { type: dtype }, shape: { shape } };
    return this.op('Placeholder', [], attributes, { dtype, shape }, [], name);
  }

  variable(name: string, dtype: DataTypeName, shape: Shape): Variable {
    const attributes: Record<string, Attribute> = {
      dtype: { type: dtype },
      shape: { shape },
      shared_name: { string: name },
      container: { string: '' },
    };
    const output: Output = { dtype: 'resource', shape: [] };
    const handle = this.op('VarHandleOp', [], attributes, output, [], `var/${name}`);
    return { name, handle, dtype, shape };
  }

  read(variable: Variable, control: readonly Node[] = []): Tensor {
    const { dtype, shape } = variable;
    return this.op(
      'ReadVariableOp',
      [variable.handle],
      { dtype: { type: dtype } },
      { dtype, shape },
      control,
    );
  }

  assign(variable: Variable, value: Tensor, control: readonly Node[] = []): Node {
    const attributes: Record<string, Attribute> = { dtype: { type: variable.dtype } };
    return this.node('AssignVariableOp', [variable.handle, value], attributes, [], control)[0]!.node;
  }

  /** Passes `value` on after `control` has run: the way to make side effects part of a signature's output. */
  after(value: Tensor, control: readonly Node[]): Tensor {
    return this.op('Identity', [value], { T: { type: value.dtype } }, value, control);
  }

  /** `value` in another element type; the same cast is made once. */
  cast(value: Tensor, dtype: DataTypeName): Tensor {
    if (value.dtype === dtype) return value;
    const key = `${value.key}>${dtype}`;
    const made = this.casts.get(key);
    if (made) return made;
    const attributes: Record<string, Attribute> = {
      SrcT: { type: value.dtype },
      DstT: { type: dtype },
      Truncate: { bool: false },
    };
    const result = this.op('Cast', [value], attributes, { dtype, shape: value.shape });
    this.casts.set(key, result);
    this.record([value], [result], ([gradient]) => [gradient && this.cast(gradient, value.dtype)]);
    const { rescaled } = value;
    if (rescaled) result.rescaled = (factor) => this.cast(rescaled(factor), dtype);
    return result;
  }

  /** Puts an operation on the tape if a gradient can flow through it. */
  record(inputs: readonly Tensor[], outputs: readonly Tensor[], backward: Backward): void {
    if (!inputs.some((input) => input.differentiable)) return;
    for (const output of outputs) output.differentiable = true;
    this.tape.push({ inputs, outputs, backward });
  }

  signature(name: string, inputs: Record<string, Tensor>, outputs: Record<string, Tensor>): void {
    this.signatures.set(name, { inputs, outputs });
  }
}
