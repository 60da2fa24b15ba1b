import { describe, expect, it } from 'vitest';
import { Graph, type Tensor } from '../graph/graph.ts';
import { tanh } from '../graph/ops/elementwise.ts';
import { Session } from '../graph/session.ts';
import { normals, relativeDifference, weightedSum, type Fed } from '../graph/test-support.ts';
import { Layers } from './layers.ts';
import { expectLayoutGradients, HEADS, LENGTHS, texts, WIDTH } from './layout-test-support.ts';
import { Parameters } from './parameters.ts';
import { relativeBias } from './relative-positions.ts';
import { tokenInputs, type Attention } from './token-inputs.ts';

/** Signs apart, and what is further than 3 like 3. */
const bucketOf = (distance: number): number => Math.min(Math.abs(distance), 3) + (distance < 0 ? 4 : 0);
const table = normals(1, 8, HEADS.heads);

const layersOf = (g: Graph): Layers =>
  new Layers({ graph: g, parameters: new Parameters(g, [], new Set()), compute: 'float32', fused: false });

const tokens = LENGTHS.reduce((a, b) => a + b);
/** Each text's values wherever it stands in the batch; a row of zeros for the dummy token. */
function values(seed: number, { kind }: Attention, order: readonly number[]): Fed {
  const rows = tokens + (kind === 'grouped' ? 1 : 0);
  const data = new Float32Array(rows * WIDTH);
  let at = 0;
  for (const text of order) {
    data.set(normals(seed * 100 + text, LENGTHS[text]!, WIDTH).data, at);
    at += LENGTHS[text]! * WIDTH;
  }
  return { shape: [rows, WIDTH], data, known: [-1, WIDTH] };
}

/** What attention of q over k and v gives for text `text`, by the formula. */
function expected(text: number, query: number): number[] {
  const length = LENGTHS[text]!;
  const [q, k, v] = [2, 3, 4].map((seed) => normals(seed * 100 + text, length, WIDTH).data);
  return Array.from({ length: HEADS.heads }, (_, head) => {
    const of = (data: ArrayLike<number>, row: number, i: number): number =>
      data[row * WIDTH + head * HEADS.headSize + i]!;
    const weights = Array.from({ length }, (_, key) => {
      const dot = [0, 1, 2].reduce((sum, i) => sum + of(q!, query, i) * of(k!, key, i), 0);
      return Math.exp(dot / Math.sqrt(3) + table.data[bucketOf(query - key) * HEADS.heads + head]!);
    });
    const total = weights.reduce((a, b) => a + b);
    return [0, 1, 2].map((i) => weights.reduce((sum, w, key) => sum + (w / total) * of(v!, key, i), 0));
  }).flat();
}

const forms: [string, Attention][] = [
  ['1 rectangle', { kind: 'grouped', groups: 1 }],
  ['4 rectangles', { kind: 'grouped', groups: 4 }],
  ['an attention a text', { kind: 'sequence', texts: LENGTHS.length }],
];

describe.each(forms)('a bias by relative positions, in %s', (_, attention) => {
  const { order } = tokenInputs(new Graph(), 'in', attention, HEADS).feeds(texts);
  const [q, k, v] = [2, 3, 4].map((seed) => values(seed, attention, order));
  const heads = order.map((text) => normals(200 + text, LENGTHS[text]!, WIDTH).data.subarray(0, WIDTH));
  const asking: Fed = {
    shape: [LENGTHS.length, WIDTH],
    data: Float32Array.from(heads.flatMap((row) => [...row])),
    known: [-1, WIDTH],
  };

  it('adds to each score what the table has for its head and distance, for all queries and for first ones', async () => {
    const g = new Graph();
    const inputs = tokenInputs(g, 'in', attention, HEADS);
    const of = (name: string): Tensor => g.placeholder(name, 'float32', [-1, WIDTH]);
    const fed = { q: of('q'), k: of('k'), v: of('v'), asking: of('asking') };
    const bias = relativeBias(g, g.constant('float32', [8, 2], Array.from(table.data)), {
      bucketOf,
      farthest: 3,
    });
    const attend = (query: Tensor, onlyFirst: boolean): Tensor =>
      layersOf(g).attention(query, fed.k, fed.v, inputs.batch.layout, 0, onlyFirst, { bias });
    const outputs = { all: attend(fed.q, false), first: attend(fed.asking, true) };
    g.signature('run', { ...inputs.placeholders, ...fed }, outputs);
    const session = await Session.open(g);
    const found = session.run('run', { ...inputs.feeds(texts).feeds, q: q!, k: k!, v: v!, asking });
    session.close();
    const all = order.flatMap((text) => Array.from({ length: LENGTHS[text]! }, (_, i) => expected(text, i)));
    expect(relativeDifference(found['all']!.subarray(0, tokens * WIDTH), all.flat())).toBeLessThan(1e-5);
    const firsts = order.flatMap((text) => expected(text, 0));
    expect(relativeDifference(found['first']!, firsts)).toBeLessThan(1e-5);
  });

  it('has the gradients that differences give, the table too', async () => {
    const fed = { q: q!, k: k!, v: v!, asking, table };
    await expectLayoutGradients(
      attention,
      fed,
      (g, layout, t) => {
        const bias = relativeBias(g, t.table, { bucketOf, farthest: 3 });
        const attend = (query: Tensor, onlyFirst: boolean): Tensor =>
          layersOf(g).attention(query, t.k, t.v, layout, 0, onlyFirst, { bias });
        const mask =
          attention.kind === 'grouped'
            ? g.constant('float32', [tokens + 1, 1], [...Array<number>(tokens).fill(1), 0])
            : undefined;
        const all = [attend(t.q, false), attend(t.asking, true)].map((y) => tanh(g, y));
        return weightedSum(g, all, [mask, undefined]);
      },
      5e-3,
    );
  });
});
