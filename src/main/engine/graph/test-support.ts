import { expect } from 'vitest';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { Graph, type Feeds, type Shape, type Tensor, type Values } from './graph.ts';
import { gradients } from './gradients.ts';
import { binary, reduce, reshape, unary } from './ops/raw.ts';
import { Session } from './session.ts';

/** A value that a test feeds. Gradients are taken of those in float32, unless they are frozen. */
export interface Fed {
  shape: Shape;
  data: Values;
  frozen?: boolean;
  /** What the graph knows of the shape, where that is less. */
  known?: Shape;
}
export type FedValues = Record<string, Fed>;
export type Tensors<F extends FedValues> = { [Name in keyof F]: Tensor };

/** Standard normal values, the same for the same seed. */
export function normals(seed: number, ...shape: number[]): Fed {
  const random = new Pcg64(seed);
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length }, () => random.standardNormal()) };
}

export const ints = (...data: number[]): Fed => ({ shape: [data.length], data: Int32Array.from(data) });

function placeholders<F extends FedValues>(g: Graph, fed: F): Tensors<F> {
  const made = Object.entries(fed).map(([name, { shape, data, known = shape }]) => {
    return [name, g.placeholder(name, data instanceof Int32Array ? 'int32' : 'float32', known)];
  });
  return Object.fromEntries(made) as Tensors<F>;
}

const isDifferentiated = ({ data, frozen = false }: Fed): boolean => data instanceof Float32Array && !frozen;

/** What an expression gives for these inputs; int32 and float32 outputs by their names. */
export async function valuesOf<F extends FedValues>(
  fed: F,
  build: (g: Graph, t: Tensors<F>) => Record<string, Tensor>,
): Promise<Record<string, Values>> {
  const g = new Graph();
  const inputs = placeholders(g, fed);
  g.signature('values', inputs, build(g, inputs));
  const session = await Session.open(g);
  try {
    return session.run('values', fed);
  } finally {
    session.close();
  }
}

/** Fixed weights of a sum over a tensor, so that every element has a gradient of its own. */
const sumWeights = (g: Graph, x: Tensor): Tensor => {
  const attributes = { T: { type: 'int32' }, Tidx: { type: 'int32' }, keep_dims: { bool: false } } as const;
  const shape = g.op(
    'Shape',
    [x],
    { T: { type: x.dtype }, out_type: { type: 'int32' } },
    { dtype: 'int32', shape: [-1] },
  );
  const count = g.op('Prod', [shape, g.ints(0)], attributes, { dtype: 'int32', shape: [] });
  const zero = g.constant('int32', [], [0]);
  const range = g.op(
    'Range',
    [zero, count, g.constant('int32', [], [1])],
    { Tidx: { type: 'int32' } },
    { dtype: 'int32', shape: [-1] },
  );
  const wave = unary(
    g,
    'Sin',
    binary(g, 'AddV2', binary(g, 'Mul', g.cast(range, 'float32'), g.scalar(1.7)), g.scalar(0.5)),
  );
  return reshape(g, wave, { tensor: shape, shape: x.shape });
};

/** Σ sin(1.7·i + 0.5)·x_i over all elements of several tensors, on the tape: a loss for expressions that are none. */
export function weightedSum(
  g: Graph,
  parts: readonly Tensor[],
  masks: readonly (Tensor | undefined)[] = [],
): Tensor {
  const weights = parts.map((part, i) => {
    const weight = sumWeights(g, part);
    const mask = masks[i];
    return mask ? binary(g, 'Mul', weight, mask) : weight;
  });
  const sums = parts.map((part, i) =>
    reduce(g, 'Sum', reshape(g, binary(g, 'Mul', part, weights[i]!), [-1]), 0, false),
  );
  const total = sums.reduce((a, b) => binary(g, 'AddV2', a, b));
  g.record(parts, [total], ([d]) => (d ? weights.map((weight) => binary(g, 'Mul', weight, d)) : []));
  return total;
}

interface Derivatives {
  tape: Record<string, Float32Array>;
  differences: Record<string, Float32Array>;
}

interface DerivativesOptions {
  /** Half the distance of the differences. */
  step?: number;
  /** Largest deviation, relative to the largest gradient of an input. */
  tolerance?: number;
  /** For placeholders that the expression makes itself. */
  own?: { inputs: Record<string, Tensor>; feeds: Feeds };
}

/** Gradients of a scalar by the tape and by central differences, element by element. */
async function derivatives<F extends FedValues>(
  fed: F,
  loss: (g: Graph, t: Tensors<F>) => Tensor,
  { step = 1e-2, own = { inputs: {}, feeds: {} } }: DerivativesOptions,
): Promise<Derivatives> {
  const g = new Graph();
  const inputs: Record<string, Tensor> = placeholders(g, fed);
  const names = Object.keys(fed).filter((name) => isDifferentiated(fed[name]!));
  for (const name of names) inputs[name]!.differentiable = true;
  const value = loss(g, inputs as Tensors<F>);
  const slopes = gradients(
    g,
    value,
    g.scalar(1),
    names.map((name) => inputs[name]!),
  );
  const all = { ...inputs, ...own.inputs };
  const given: Feeds = { ...fed, ...own.feeds };
  g.signature('value', all, { value });
  g.signature('tape', all, Object.fromEntries(names.map((name, i) => [name, slopes[i]!])));
  const session = await Session.open(g);
  try {
    const tape = session.run('tape', given) as Record<string, Float32Array>;
    const at = (name: string, i: number, shift: number): number => {
      const feed = fed[name]!;
      const data = Float32Array.from(feed.data);
      data[i]! += shift;
      return session.run('value', { ...given, [name]: { shape: feed.shape, data } })['value']![0]!;
    };
    const differences = names.map((name) => {
      const slope = Float32Array.from(
        fed[name]!.data,
        (_, i) => (at(name, i, step) - at(name, i, -step)) / (2 * step),
      );
      return [name, slope] as const;
    });
    return { tape, differences: Object.fromEntries(differences) };
  } finally {
    session.close();
  }
}

/** The tape's gradients agree with central differences, relative to the largest one of each input. */
export async function expectGradients<F extends FedValues>(
  fed: F,
  loss: (g: Graph, t: Tensors<F>) => Tensor,
  options: DerivativesOptions = {},
): Promise<Derivatives> {
  const { tolerance = 2e-3 } = options;
  const found = await derivatives(fed, loss, options);
  for (const [name, expected] of Object.entries(found.differences)) {
    expect(relativeDifference(found.tape[name]!, expected), `gradient of ${name}`).toBeLessThan(tolerance);
  }
  return found;
}

/** Largest difference of two vectors over the largest value of the second. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    const distance = Math.abs(a[i]! - b[i]!);
    difference = Math.max(difference, Number.isNaN(distance) ? Infinity : distance);
    size = Math.max(size, Math.abs(b[i]!));
  }
  return difference / Math.max(size, 1e-6);
}
