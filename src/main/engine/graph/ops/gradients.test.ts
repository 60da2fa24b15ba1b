import { describe, expect, it } from 'vitest';
import type { Graph, Tensor } from '../graph.ts';
import {
  expectGradients,
  ints,
  normals,
  relativeDifference,
  valuesOf,
  weightedSum,
  type Fed,
} from '../test-support.ts';
import { dotProductAttention, relativeShift } from './attention.ts';
import { DropoutSource } from './dropout.ts';
import {
  add,
  geluTanh,
  halfGelu,
  multiply,
  relu,
  reshaped,
  scale,
  silu,
  softmax,
  tanh,
  transposed,
} from './elementwise.ts';
import { layerNorm } from './layer-norm.ts';
import { batchProduct, geluLinear, openLinear, product, type OpenLinear } from './linear.ts';
import { crossEntropy } from './loss.ts';
import { rotate } from './rotary.ts';
import { concatColumns, embedding, selectRows, splitColumns } from './rows.ts';

const sum = (g: Graph, x: Tensor): Tensor => weightedSum(g, [x]);

describe('gradients of elementwise operations agree with differences', () => {
  const unaries: Record<string, (g: Graph, x: Tensor) => Tensor> = {
    tanh,
    halfGelu,
    geluTanh,
    silu,
    'scale by -1.5': (g, x) => scale(g, x, -1.5),
    softmax,
    'the columns in the middle': (g, x) => splitColumns(g, x, [1, 2, 1])[1]!,
    'reshaped to one axis': (g, x) => reshaped(g, x, [-1]),
    'its axes in another order': (g, x) => transposed(g, reshaped(g, x, [5, 2, 2]), [2, 0, 1]),
    'cast to the same type': (g, x) => g.cast(x, 'float32'),
  };
  it.each(Object.keys(unaries))('%s', async (name) => {
    const x = normals(1, 5, 4);
    await expectGradients({ x }, (g, t) => sum(g, unaries[name]!(g, t.x)));
  });

  it('relu, away from its corner', async () => {
    const x = normals(2, 5, 4);
    const data = Float32Array.from(x.data, (value) => value + Math.sign(value) * 0.1);
    await expectGradients({ x: { ...x, data } }, (g, t) => sum(g, relu(g, t.x)));
  });

  it('a sum of equal shapes, also of a value with itself', async () => {
    const fed = { a: normals(3, 4, 3), b: normals(4, 4, 3) };
    await expectGradients(fed, (g, t) => sum(g, tanh(g, add(g, t.a, add(g, t.b, t.b)))));
  });

  it('a vector added to every row, where its gradient is the sum over the rows', async () => {
    const fed = { a: { ...normals(5, 6, 3), known: [-1, 3] }, b: normals(6, 3) };
    await expectGradients(fed, (g, t) => sum(g, tanh(g, add(g, t.a, t.b))));
  });

  it.each<readonly [string, Fed, Fed]>([
    ['of equal shapes', normals(5, 4, 3), normals(6, 4, 3)],
    ['of rows and a vector', normals(5, 4, 3), normals(6, 3)],
    ['where each is stretched', normals(5, 2, 1, 3), normals(6, 4, 1)],
  ])('a product and a sum %s', async (_, a, b) => {
    await expectGradients({ a, b }, (g, t) => sum(g, tanh(g, add(g, multiply(g, t.a, t.b), t.b))));
  });

  it('parts side by side, one of them twice', async () => {
    const fed = { a: { ...normals(8, 4, 3), known: [-1, 3] }, b: { ...normals(9, 4, 2), known: [-1, 2] } };
    await expectGradients(fed, (g, t) => sum(g, tanh(g, concatColumns(g, [t.a, t.b, t.a]))));
  });

  it('columns cut apart, one of which nothing uses', async () => {
    const x: Fed = { ...normals(8, 4, 6), known: [-1, 6] };
    await expectGradients({ x }, (g, t) => {
      const [a, , c] = splitColumns(g, t.x, [1, 2, 3]);
      return weightedSum(g, [tanh(g, a!), tanh(g, c!)]);
    });
  });

  it('halves of heads turned by angles', async () => {
    const fed = {
      x: { ...normals(8, 4, 2, 6), known: [-1, 2, 6] },
      cos: normals(9, 4, 1, 3),
      sin: normals(10, 4, 1, 3),
    };
    const frozen = { ...fed, cos: { ...fed.cos, frozen: true }, sin: { ...fed.sin, frozen: true } };
    await expectGradients(frozen, (g, t) => sum(g, tanh(g, rotate(g, t.x, t.cos, t.sin))));
  });

  it('a value that several operations use gets the sum of their gradients', async () => {
    const x = normals(7, 4, 3);
    await expectGradients({ x }, (g, t) => {
      const once = tanh(g, t.x);
      return sum(g, add(g, add(g, once, scale(g, t.x, 0.3)), halfGelu(g, once)));
    });
  });
});

it('halfGelu of x/√2 over √2 is the exact GELU, and geluTanh its approximation', async () => {
  const x: Fed = { shape: [5], data: Float32Array.of(-3, -0.5, 0, 1, 2.5) };
  const { exact, approximate } = await valuesOf({ x }, (g, t) => ({
    exact: scale(g, halfGelu(g, scale(g, t.x, Math.SQRT1_2)), Math.SQRT1_2),
    approximate: geluTanh(g, t.x),
  }));
  // torch.nn.functional.gelu, exact and with approximate='tanh'.
  const expected = [-0.004049694, -0.154268771, 0, 0.841344714, 2.484475851];
  expect(relativeDifference(exact!, expected)).toBeLessThan(1e-5);
  expect(relativeDifference(approximate!, [-0.00363739, -0.15428599, 0, 0.841192, 2.48491573])).toBeLessThan(
    1e-6,
  );
});

describe('gradients of matrix products agree with differences', () => {
  it.each([false, true])('product with its second factor transposed: %s', async (transposed) => {
    const fed = { a: normals(10, 4, 3), b: transposed ? normals(11, 5, 3) : normals(11, 3, 5) };
    await expectGradients(fed, (g, t) => sum(g, product(g, t.a, t.b, transposed)));
  });

  it.each([false, true])(
    'a product over leading axes with its second factor transposed: %s',
    async (turned) => {
      const fed = { a: normals(16, 2, 3, 4), b: turned ? normals(17, 2, 5, 4) : normals(17, 2, 4, 5) };
      await expectGradients(fed, (g, t) => sum(g, tanh(g, batchProduct(g, t.a, t.b, turned))));
    },
  );

  it.each([false, true])(
    'a product whose second factor lacks a leading axis, with that transposed: %s',
    async (turned) => {
      const b = turned ? normals(17, 2, 5, 4) : normals(17, 2, 4, 5);
      await expectGradients({ a: normals(16, 3, 2, 3, 4), b }, (g, t) =>
        sum(g, tanh(g, batchProduct(g, t.a, t.b, turned))),
      );
    },
  );

  it.each([true, false])('a linear layer without a bias, in fused form: %s', async (fused) => {
    const fed = { x: input, w: normals(18, 3, 4), addend: { ...normals(19, 5, 3), known: [-1, 3] } };
    await expectGradients(fed, (g, t) => {
      const open = (): OpenLinear => openLinear(g, t.x, t.w, undefined, fused);
      return sum(g, tanh(g, add(g, open().finish(), open().finish(t.addend))));
    });
  });

  const layer = (seed: number) => ({ w: normals(seed, 3, 4), b: normals(seed + 1, 3) });
  const input = { ...normals(12, 5, 4), known: [-1, 4] };

  it.each([true, false])('a linear layer with and without an addend, in fused form: %s', async (fused) => {
    const fed = { x: input, ...layer(13), addend: { ...normals(15, 5, 3), known: [-1, 3] } };
    const { x, w, b } = fed;
    await expectGradients({ x, w, b }, (g, t) =>
      sum(g, tanh(g, openLinear(g, t.x, t.w, t.b, fused).finish())),
    );
    await expectGradients(fed, (g, t) =>
      sum(g, tanh(g, openLinear(g, t.x, t.w, t.b, fused).finish(t.addend))),
    );
  });

  it.each([true, false])(
    'an input of three linear layers and an adapter gathers all shares, in fused form: %s',
    async (fused) => {
      const [one, two, three] = [layer(20), layer(22), layer(24)];
      const fed = {
        ...{ x: input, w1: one.w, b1: one.b, w2: two.w, b2: two.b, w3: three.w, b3: three.b },
        ...{ down: normals(26, 2, 4), up: normals(27, 3, 2) },
      };
      await expectGradients(fed, (g, t) => {
        const open = openLinear(g, t.x, t.w2, t.b2, fused);
        const adapted = open.finish(product(g, product(g, t.x, t.down, true), t.up, true));
        const first = openLinear(g, t.x, t.w1, t.b1, fused).finish();
        const last = openLinear(g, t.x, t.w3, t.b3, fused).finish(adapted);
        return weightedSum(g, [tanh(g, first), tanh(g, adapted), tanh(g, last)]);
      });
    },
  );

  it('the fused kernels give the numbers of the plain ones', async () => {
    const fed = { x: input, ...layer(30), addend: normals(32, 5, 3) };
    const found = await valuesOf(fed, (g, { x, w, b, addend }) => {
      const plain = openLinear(g, x, w, b, false).finish();
      return {
        plain,
        fused: openLinear(g, x, w, b, true).finish(),
        plainSum: openLinear(g, x, w, b, false).finish(addend),
        fusedSum: openLinear(g, x, w, b, true).finish(addend),
        plainGelu: scale(g, halfGelu(g, scale(g, plain, Math.SQRT1_2)), Math.SQRT1_2),
        fusedGelu: geluLinear(g, x, w, b),
      };
    });
    expect(relativeDifference(found['fused']!, found['plain']!)).toBeLessThan(1e-5);
    expect(relativeDifference(found['fusedSum']!, found['plainSum']!)).toBeLessThan(1e-5);
    expect(relativeDifference(found['fusedGelu']!, found['plainGelu']!)).toBeLessThan(1e-5);
  });
});

describe('gradients of rows and norms agree with differences', () => {
  it('an embedding adds up the gradients of ids that occur several times', async () => {
    const fed = { table: normals(40, 6, 3), ids: { ...ints(4, 1, 4, 4, 0), known: [-1] } };
    const { tape } = await expectGradients(fed, (g, t) => sum(g, tanh(g, embedding(g, t.table, t.ids))));
    expect(Array.from(tape['table']!.subarray(6, 12))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('some rows alone', async () => {
    const fed = { x: { ...normals(41, 6, 3), known: [-1, 3] }, index: { ...ints(0, 4, 3), known: [-1] } };
    await expectGradients(fed, (g, t) => sum(g, tanh(g, selectRows(g, t.x, t.index))));
  });

  it('some rows of a value that has gathered a gradient already', async () => {
    const fed = { x: { ...normals(42, 6, 3), known: [-1, 3] }, index: { ...ints(5, 1), known: [-1] } };
    await expectGradients(fed, (g, t) => {
      const rows = tanh(g, selectRows(g, t.x, t.index));
      return weightedSum(g, [rows, halfGelu(g, t.x)]);
    });
  });

  it('layerNorm in its input, gamma and beta', async () => {
    const fed = { x: { ...normals(43, 5, 6), known: [-1, 6] }, gamma: normals(44, 6), beta: normals(45, 6) };
    await expectGradients(fed, (g, t) => sum(g, tanh(g, layerNorm(g, t.x, t.gamma, t.beta, 1e-12))));
  });

  it('layerNorm without beta, and without centring', async () => {
    const fed = { x: { ...normals(43, 5, 6), known: [-1, 6] }, gamma: normals(44, 6) };
    await expectGradients(fed, (g, t) =>
      sum(
        g,
        tanh(
          g,
          add(
            g,
            layerNorm(g, t.x, t.gamma, undefined, 1e-5),
            layerNorm(g, t.x, t.gamma, undefined, 1e-5, false),
          ),
        ),
      ),
    );
  });

  it('cross-entropy of targets that do not sum to 1, and of a row of zeros', async () => {
    const targets = Float32Array.of(0.7, 0.1, 0.1, 0, 0, 0, 0.02, 0.3, 0, 2, 1, 0.5);
    const fed = { logits: normals(46, 4, 3), targets: { shape: [4, 3], data: targets, frozen: true } };
    const { tape } = await expectGradients(fed, (g, t) => crossEntropy(g, t.logits, t.targets));
    expect(Array.from(tape['logits']!.subarray(3, 6))).toEqual([0, 0, 0]);
  });
});

describe('gradients of attention agree with differences', () => {
  const fed = {
    q: normals(50, 2, 2, 3, 4),
    k: normals(51, 2, 2, 5, 4),
    v: normals(52, 2, 2, 5, 4),
  };
  it('without a bias', async () => {
    await expectGradients(fed, (g, t) => sum(g, dotProductAttention(g, t.q, t.k, t.v, [], undefined)));
  });

  it('with a bias that leaves keys out: those get no gradient', async () => {
    const data = Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0, -1e9, -1e9);
    const bias: Fed = { shape: [2, 1, 1, 5], data, frozen: true };
    const { tape } = await expectGradients({ ...fed, bias }, (g, t) =>
      sum(g, dotProductAttention(g, t.q, t.k, t.v, [t.bias], undefined)),
    );
    // Second text, both heads, the last two of five keys.
    for (const head of [2, 3]) {
      const from = head * 20 + 12;
      expect(tape['k']!.subarray(from, from + 8).every((value) => value === 0)).toBe(true);
      expect(tape['v']!.subarray(from, from + 8).every((value) => value === 0)).toBe(true);
    }
  });

  it('in a bias that every text and query shares', async () => {
    await expectGradients({ ...fed, bias: normals(53, 1, 2, 1, 5) }, (g, t) =>
      sum(g, dotProductAttention(g, t.q, t.k, t.v, [t.bias], undefined)),
    );
  });

  it('in two biases, one of them of all pairs', async () => {
    const biases = { all: normals(54, 2, 2, 3, 5), keys: normals(55, 2, 1, 1, 5) };
    await expectGradients({ ...fed, ...biases }, (g, t) =>
      sum(g, dotProductAttention(g, t.q, t.k, t.v, [t.all, t.keys], undefined)),
    );
  });

  it.each([1, 4])('in scores by distance that become scores by column, of %i tokens', async (size) => {
    const x: Fed = { ...normals(56, 2, 3, size, 2 * size), known: [-1, 3, -1, -1] };
    const length: Fed = { shape: [], data: Int32Array.of(size) };
    await expectGradients({ x, length }, (g, t) => sum(g, tanh(g, relativeShift(g, t.x, t.length))));
    const { y } = await valuesOf({ x, length }, (g, t) => ({ y: relativeShift(g, t.x, t.length) }));
    const expected = Array.from({ length: 6 * size * size }, (_, at) => {
      const [row, j] = [Math.floor(at / size), at % size];
      return x.data[row * 2 * size + size + j - (row % size)]!;
    });
    expect(Array.from(y!)).toEqual(expected);
  });

  it.each([0.1, 0.5])('with dropout of %s on the probabilities', async (p) => {
    const seed = ints(3, 17);
    await expectGradients({ ...fed, seed }, (g, { q, k, v, seed }) =>
      sum(g, dotProductAttention(g, q, k, v, [], { p, source: new DropoutSource(seed) })),
    );
  });
});
