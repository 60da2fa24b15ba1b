import type { DataTypeName, Graph, Node, Shape, Tensor, Variable } from '../graph/graph.ts';
import { scale } from '../graph/ops/elementwise.ts';
import { binary, unary } from '../graph/ops/raw.ts';

export interface ParameterSpec {
  name: string;
  shape: Shape;
}

/** A frozen parameter as the graph uses it: the variable holds it times `factor`, in the type it is computed in. */
interface FrozenCopy {
  name: string;
  factor: number;
  variable: Variable;
}

/** About so many bytes are fed to the graph at once while weights are loaded. */
const LOAD_BYTES = 64 * 2 ** 20;

/**
 * The parameters of one graph. What trains is a float32 variable that gradients reach; what is frozen is kept in as
 * many scaled copies as the model asks for (usually one), so that constants cost nothing while the graph runs.
 */
export class Parameters {
  private readonly graph: Graph;
  private readonly shapes: ReadonlyMap<string, Shape>;
  readonly trainable = new Map<string, { variable: Variable; value: Tensor }>();
  private readonly copies: FrozenCopy[] = [];
  private readonly values = new Map<string, Tensor>();

  constructor(graph: Graph, specs: readonly ParameterSpec[], trainable: ReadonlySet<string>) {
    this.graph = graph;
    this.shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
    for (const { name, shape } of specs) {
      if (!trainable.has(name)) continue;
      const variable = graph.variable(name, 'float32', shape);
      const value = graph.read(variable);
      value.differentiable = true;
      this.trainable.set(name, { variable, value });
    }
  }

  has(name: string): boolean {
    return this.shapes.has(name);
  }

  /** The parameter times `factor` in type `dtype`. */
  value(name: string, dtype: DataTypeName, factor = 1): Tensor {
    const g = this.graph;
    const key = `${name}*${factor}>${dtype}`;
    const known = this.values.get(key);
    if (known) return known;
    const trained = this.trainable.get(name);
    const value = trained
      ? g.cast(scale(g, trained.value, factor), dtype)
      : g.read(this.frozenCopy(name, dtype, factor));
    this.values.set(key, value);
    return value;
  }

  /** The frozen copies by the parameter that they are of. */
  get frozen(): Map<string, FrozenCopy[]> {
    return Map.groupBy(this.copies, ({ name }) => name);
  }

  /** The copies of each frozen parameter that `used` nodes ask for. */
  frozenUsed(used: ReadonlySet<Node>): Map<string, FrozenCopy[]> {
    const isLive = ({ variable }: FrozenCopy): boolean => used.has(variable.handle.node);
    const live = [...this.frozen].map(([name, copies]) => [name, copies.filter(isLive)] as const);
    return new Map(live.filter(([, copies]) => copies.length > 0));
  }

  private frozenCopy(name: string, dtype: DataTypeName, factor: number): Variable {
    const shape = this.shapes.get(name);
    if (!shape) throw new Error(`The model has no parameter ${name}.`);
    const number = this.copies.filter((copy) => copy.name === name).length;
    const variable = this.graph.variable(`${name}.variant_${number}`, dtype, shape);
    this.copies.push({ name, factor, variable });
    return variable;
  }

  /**
   * Adds signatures that take the frozen parameters in, a few at a time; those that nothing uses are left out.
   * @returns the names of the parameters that each signature wants.
   */
  addLoading(used: ReadonlySet<Node>): Map<string, string[]> {
    const g = this.graph;
    const wanted: { name: string; assign: (fed: Tensor) => Node[] }[] = [];
    for (const [name, live] of this.frozenUsed(used)) {
      const assign = (fed: Tensor): Node[] =>
        live.map(({ factor, variable }) => g.assign(variable, converted(g, fed, factor, variable.dtype)));
      wanted.push({ name, assign });
    }
    const signatures = new Map<string, string[]>();
    for (const group of groupBySize(wanted, ({ name }) => 4 * elements(this.shapes.get(name)!))) {
      const signature = `load_${signatures.size}`;
      const inputs: Record<string, Tensor> = {};
      const assigned: Node[] = [];
      for (const { name, assign } of group) {
        const fed = g.placeholder(`${signature}/${name}`, 'float32', this.shapes.get(name)!);
        inputs[name] = fed;
        assigned.push(...assign(fed));
      }
      g.signature(signature, inputs, { done: g.after(g.scalar(1), assigned) });
      signatures.set(signature, Object.keys(inputs));
    }
    return signatures;
  }
}

/** A copy in any case: a variable must never share memory with what JavaScript fed. */
function converted(g: Graph, fed: Tensor, factor: number, dtype: DataTypeName): Tensor {
  const scaled = factor === 1 ? fed : binary(g, 'Mul', fed, g.scalar(factor));
  if (dtype !== 'float32') return g.cast(scaled, dtype);
  return factor === 1 ? unary(g, 'DeepCopy', fed) : scaled;
}

export function elements(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Splits a list so that no part but one with a single item is larger than what is loaded at once. */
export function groupBySize<T>(items: readonly T[], bytes: (item: T) => number): T[][] {
  const groups: T[][] = [];
  let size = Infinity;
  for (const item of items) {
    const own = bytes(item);
    if (size + own > LOAD_BYTES) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)!.push(item);
    size += own;
  }
  return groups;
}
