import { describe, expect, it } from 'vitest';
import { Graph, type Tensor, type Values } from '../graph/graph.ts';
import { dotProductAttention } from '../graph/ops/attention.ts';
import { scale, tanh } from '../graph/ops/elementwise.ts';
import { binary, unary } from '../graph/ops/raw.ts';
import { Session } from '../graph/session.ts';
import { normals, relativeDifference, weightedSum, type Fed } from '../graph/test-support.ts';
import type { AttentionLayout } from './attention-layout.ts';
import { expectLayoutGradients, HEADS, LENGTHS, texts, WIDTH } from './layout-test-support.ts';
import { tokenInputs, type Attention } from './token-inputs.ts';

const attentions: [string, Attention][] = [
  ['1 rectangle', { kind: 'grouped', groups: 1 }],
  ['2 rectangles', { kind: 'grouped', groups: 2 }],
  ['4 rectangles', { kind: 'grouped', groups: 4 }],
  ['an attention a text', { kind: 'sequence', texts: LENGTHS.length }],
];
const groupsOf = (attention: Attention): number =>
  attention.kind === 'grouped' ? attention.groups : attention.texts;
/** Rows of the flat list, the dummy token included where the layout has one. */
const rowsOf = (attention: Attention): number =>
  LENGTHS.reduce((a, b) => a + b) + (attention.kind === 'grouped' ? 1 : 0);

type Build = (layout: AttentionLayout, g: Graph, x: Tensor, rows: Tensor) => Record<string, Tensor>;

/** Runs an expression on the tokens x [T,6] and one row a text [b,6], laid out for the five texts. */
async function run(
  attention: Attention,
  fed: { x: Fed; rows: Fed },
  build: Build,
): Promise<Record<string, Values>> {
  const g = new Graph();
  const inputs = tokenInputs(g, 'in', attention, HEADS);
  const x = g.placeholder('x', 'float32', [-1, WIDTH]);
  const rows = g.placeholder('rows', 'float32', [-1, WIDTH]);
  g.signature('run', { ...inputs.placeholders, x, rows }, build(inputs.batch.layout, g, x, rows));
  const session = await Session.open(g);
  try {
    return session.run('run', { ...inputs.feeds(texts).feeds, ...fed });
  } finally {
    session.close();
  }
}

const biasesOf = (layout: AttentionLayout, group: number): Tensor[] => {
  const mask = layout.bias(group);
  return mask ? [mask] : [];
};

/** 1 in the cells that hold a token, 0 in the others: [n,1,S,1] for a group. */
function cellMask(g: Graph, layout: AttentionLayout, group: number): Tensor | undefined {
  const bias = layout.bias(group);
  if (!bias) return undefined;
  const attributes = { T: { type: 'float32' }, Tperm: { type: 'int32' } } as const;
  const column = g.op('Transpose', [bias, g.ints(0, 1, 3, 2)], attributes, {
    dtype: 'float32',
    shape: [-1, 1, -1, 1],
  });
  return unary(g, 'Exp', column);
}

const tokens = (seed: number, attention: Attention): Fed => ({
  ...normals(seed, rowsOf(attention), WIDTH),
  known: [-1, WIDTH],
});
const rowsA = (seed: number): Fed => ({ ...normals(seed, LENGTHS.length, WIDTH), known: [-1, WIDTH] });

describe.each(attentions)('the layout of %s', (_, attention) => {
  const groups = groupsOf(attention);
  const real = LENGTHS.reduce((a, b) => a + b) * WIDTH;

  it('brings every token back to its place', async () => {
    const x = tokens(1, attention);
    const rows = rowsA(2);
    const back = await run(attention, { x, rows }, (layout, _g, x, rows) => ({
      x: layout.join(layout.split(x)),
      rows: layout.join(layout.split(rows, true), true),
    }));
    expect(back['x']!.subarray(0, real)).toEqual(x.data.subarray(0, real));
    expect(back['rows']).toEqual(rows.data);
  });

  it('gives each head of each text its own tokens', async () => {
    const found = await run(attention, { x: tokens(3, attention), rows: rowsA(4) }, (layout, g, x) => {
      const parts = layout.split(x);
      // A key of one text must not reach another: the mean over all keys that attention sees.
      const means = parts.map((part, i) =>
        dotProductAttention(g, scale(g, part, 0), part, part, biasesOf(layout, i), undefined),
      );
      return { mean: layout.join(means) };
    });
    const { order } = tokenInputs(new Graph(), 'in', attention, HEADS).feeds(texts);
    const data = tokens(3, attention).data;
    let at = 0;
    for (const text of order) {
      const length = LENGTHS[text]!;
      for (let k = 0; k < WIDTH; k++) {
        const column = Array.from({ length }, (_, j) => data[(at + j) * WIDTH + k]!);
        const mean = column.reduce((a, b) => a + b) / length;
        for (let j = 0; j < length; j++) expect(found['mean']![(at + j) * WIDTH + k]).toBeCloseTo(mean, 5);
      }
      at += length;
    }
  });

  it('has the gradients of split, also of single rows, that differences give, and none for the dummy token', async () => {
    const tape = await expectLayoutGradients(attention, { x: tokens(5, attention) }, (g, layout, { x }) => {
      const parts = layout.split(x).map((part) => tanh(g, part));
      return weightedSum(
        g,
        parts,
        parts.map((_, i) => cellMask(g, layout, i)),
      );
    });
    expect(tape['x']!.subarray(real).every((value) => value === 0)).toBe(true);
    await expectLayoutGradients(attention, { rows: rowsA(6) }, (g, layout, { rows }) =>
      weightedSum(
        g,
        layout.split(rows, true).map((part) => tanh(g, part)),
      ),
    );
  });

  it('has the gradients of join, also of single rows, that differences give', async () => {
    const weight = (g: Graph, x: Tensor): Tensor => {
      // The dummy row of what is joined holds whatever a dummy cell held; a loss never reads it.
      if (attention.kind !== 'grouped') return weightedSum(g, [x]);
      const keep = Float32Array.from({ length: rowsOf(attention) }, (_, i) =>
        i < rowsOf(attention) - 1 ? 1 : 0,
      );
      return weightedSum(g, [x], [g.constant('float32', [keep.length, 1], Array.from(keep))]);
    };
    await expectLayoutGradients(attention, { x: tokens(7, attention) }, (g, layout, { x }) => {
      const parts = layout.split(x).map((part, i) => scale(g, tanh(g, part), i + 0.5));
      return weight(g, layout.join(parts));
    });
    await expectLayoutGradients(attention, { rows: rowsA(8) }, (g, layout, { rows }) => {
      const parts = layout.split(rows, true).map((part, i) => scale(g, tanh(g, part), i + 0.5));
      return weightedSum(g, [layout.join(parts, true)]);
    });
  });

  it('has the gradients of a whole attention that differences give, for all queries and for one a text', async () => {
    const fed = { q: tokens(9, attention), k: tokens(10, attention), v: tokens(11, attention) };
    const attend = (
      g: Graph,
      layout: AttentionLayout,
      q: readonly Tensor[],
      k: Tensor,
      v: Tensor,
    ): Tensor[] => {
      const [keys, values] = [layout.split(k), layout.split(v)];
      return q.map((query, i) =>
        dotProductAttention(g, query, keys[i]!, values[i]!, biasesOf(layout, i), undefined),
      );
    };
    const mask =
      attention.kind === 'grouped' ? [...Array<number>(rowsOf(attention) - 1).fill(1), 0] : undefined;
    const tape = await expectLayoutGradients(attention, fed, (g, layout, { q, k, v }) => {
      const all = layout.join(attend(g, layout, layout.split(q), k, v));
      return weightedSum(g, [all], [mask && g.constant('float32', [mask.length, 1], mask)]);
    });
    for (const name of ['q', 'k', 'v'])
      expect(tape[name]!.subarray(real).every((value) => value === 0)).toBe(true);
    await expectLayoutGradients(attention, { ...fed, q: rowsA(12) }, (g, layout, { q, k, v }) =>
      weightedSum(g, [layout.join(attend(g, layout, layout.split(q, true), k, v), true)]),
    );
  });

  it(`has ${groups} parts`, async () => {
    const found = await run(
      attention,
      { x: tokens(13, attention), rows: rowsA(14) },
      (layout, g, x, rows) => {
        expect(layout.split(x)).toHaveLength(groups);
        const parts = layout.split(rows, true);
        expect(parts).toHaveLength(groups);
        return Object.fromEntries(
          parts.map((part, i) => [`part_${i}`, binary(g, 'AddV2', part, g.scalar(0))]),
        );
      },
    );
    const sizes = Object.values(found).map((part) => part.length / WIDTH);
    expect(sizes.reduce((a, b) => a + b)).toBe(LENGTHS.length);
  });
});

it('all layouts give the same attention', async () => {
  const results: Values[] = [];
  for (const [, attention] of attentions) {
    // The same values for a text wherever it stands in the batch.
    const { order } = tokenInputs(new Graph(), 'in', attention, HEADS).feeds(texts);
    const data = new Float32Array(rowsOf(attention) * WIDTH);
    let at = 0;
    for (const text of order) {
      data.set(normals(100 + text, LENGTHS[text]!, WIDTH).data, at);
      at += LENGTHS[text]! * WIDTH;
    }
    const x: Fed = { shape: [rowsOf(attention), WIDTH], data };
    const { y } = await run(attention, { x, rows: rowsA(0) }, (layout, g, x) => {
      const parts = layout.split(x);
      return {
        y: layout.join(parts.map((p, i) => dotProductAttention(g, p, p, p, biasesOf(layout, i), undefined))),
      };
    });
    const given = new Float32Array(LENGTHS.reduce((a, b) => a + b) * WIDTH);
    const starts = LENGTHS.map((_, i) => LENGTHS.slice(0, i).reduce((a, b) => a + b, 0) * WIDTH);
    at = 0;
    for (const text of order) {
      const size = LENGTHS[text]! * WIDTH;
      given.set(y!.subarray(at, at + size), starts[text]);
      at += size;
    }
    results.push(given);
  }
  for (const other of results.slice(1)) expect(relativeDifference(other, results[0]!)).toBeLessThan(1e-5);
});
