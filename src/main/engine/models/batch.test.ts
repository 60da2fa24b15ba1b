import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestCuts, groupedFeeds, sequenceFeeds, type EncodedText } from './batch.ts';
import { lengthBatches } from './inference.ts';
import { randomText } from './test-support.ts';

const texts = (lengths: readonly number[]): EncodedText[] =>
  lengths.map((length) => ({ inputIds: new Int32Array(length) }));

/** Σ rows·longest² of runs of ascending lengths. */
function cells(lengths: readonly number[], cuts: readonly number[]): number {
  return cuts.slice(1).reduce((sum, end, i) => {
    const run = lengths.slice(cuts[i], end);
    return sum + run.length * (run.at(-1) ?? 0) ** 2;
  }, 0);
}

/** The least cells of all ways to cut, found by trying each. */
function fewestCells(lengths: readonly number[], groups: number, from = 0): number {
  if (from === lengths.length) return 0;
  if (groups === 0) return Infinity;
  let best = Infinity;
  for (let end = from + 1; end <= lengths.length; end++) {
    const here = (end - from) * lengths[end - 1]! ** 2;
    best = Math.min(best, here + fewestCells(lengths, groups - 1, end));
  }
  return best;
}

describe('a batch cut into rectangles', () => {
  it('has the fewest cells that any cut gives', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 5 }), (drawn, groups) => {
        const sorted = drawn.sort((a, b) => a - b);
        const cuts = bestCuts(sorted, groups);
        expect(cuts).toHaveLength(groups + 1);
        expect([cuts[0], cuts.at(-1)]).toEqual([0, sorted.length]);
        expect(cuts).toEqual([...cuts].sort((a, b) => a - b));
        expect(cells(sorted, cuts)).toBe(fewestCells(sorted, groups));
      }),
    );
  });

  it('leaves the first rectangles empty when there are fewer texts than rectangles', () => {
    expect(bestCuts([5], 4)).toEqual([0, 0, 0, 0, 1]);
    expect(bestCuts([2, 9], 4)).toEqual([0, 0, 0, 1, 2]);
  });

  it('holds every token once, and its vectors lead from each token to its cell and back', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        (drawn, groups, heads) => {
          const { feeds, order, tokens } = groupedFeeds(texts(drawn), groups, heads);
          expect(tokens).toBe(drawn.reduce((a, b) => a + b));
          expect([...order].sort((a, b) => a - b)).toEqual(drawn.map((_, i) => i));
          // Which token, and which head of it, stands in each cell of all rectangles [n,heads,S] in a row.
          const held: [number, number][] = [];
          for (let group = 0; group < groups; group++) {
            const { shape, data } = feeds[`cells_${group}`] as { shape: number[]; data: Int32Array };
            const [rows, width] = shape as [number, number];
            for (let row = 0; row < rows; row++) {
              for (let head = 0; head < heads; head++) {
                for (let j = 0; j < width; j++) held.push([data[row * width + j]!, head]);
              }
            }
          }
          const [cell, stride] = [feeds['token_cell'] as Int32Array, feeds['head_stride'] as Int32Array];
          // Tokens that only round the length up lead to cells of the last one, which no text reads.
          const dummy = cell.length - 1;
          expect(dummy).toBeGreaterThanOrEqual(tokens - 1);
          for (let token = 0; token <= dummy; token++) {
            for (let head = 0; head < heads; head++)
              expect(held[cell[token]! + head * stride[token]!]).toEqual([
                token < tokens ? token : dummy,
                head,
              ]);
          }
        },
      ),
    );
  });
});

it('a batch that fills its rectangles has no dummy token, one that fills them but not its list has', () => {
  const { feeds } = groupedFeeds(texts([16, 16]), 2, 2);
  expect((feeds['ids'] as Int32Array).length).toBe(32);
  expect(feeds['cells_1']).toMatchObject({ shape: [1, 16] });
  const surplus = groupedFeeds(texts(Array.from({ length: 131 }, () => 16)), 1, 2).feeds;
  expect((surplus['ids'] as Int32Array).length).toBe(2112);
  expect(surplus['cells_0']).toMatchObject({ shape: [131, 32] });
});

it('a batch of one attention a text is filled up with texts of one token', () => {
  const { feeds, order, tokens } = sequenceFeeds([randomText(3, 1), randomText(2, 2)], 4);
  expect(Array.from(feeds['lengths'] as Int32Array)).toEqual([3, 2, 1, 1]);
  expect(Array.from(feeds['first'] as Int32Array)).toEqual([0, 3, 5, 6]);
  expect({ order, tokens }).toEqual({ order: [0, 1, 2, 3], tokens: 5 });
});

describe('texts batched by length', () => {
  it('hold every text once, shortest first and in file order where lengths are equal, within the budget', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
    const budgets = [fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 10 })] as const;
    fc.assert(
      fc.property(lengths, ...budgets, (drawn, budget, size) => {
        const batches = lengthBatches(texts(drawn), budget, size);
        const order = batches.flat();
        const sorted = drawn.map((_, i) => i).sort((a, b) => drawn[a]! - drawn[b]! || a - b);
        expect(order).toEqual(sorted);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(size);
          // A text that is longer than the budget stands alone.
          if (batch.length > 1) expect(batch.length * drawn[batch.at(-1)!]!).toBeLessThanOrEqual(budget);
        }
      }),
    );
  });
});
