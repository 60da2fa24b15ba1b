import { describe, expect, it } from 'vitest';
import { Batcher, QueueFullError } from './batcher.ts';

/** A batcher whose batches are kept, and answered when `answerNext` is called. */
function held(mostAtOnce = 4, mostWaiting = 6) {
  const batches: string[][] = [];
  const open: (() => void)[] = [];
  const seen: (() => void)[] = [];
  const batcher = new Batcher<string, string>({
    mostAtOnce,
    mostWaiting,
    answer: (items) =>
      new Promise((resolve) => {
        batches.push(items);
        open.push(() => resolve(items.map((item) => item.toUpperCase())));
        seen.shift()?.();
      }),
  });
  /** Resolves when the next batch is being answered. */
  const nextBatch = () => new Promise<void>((resolve) => seen.push(resolve));
  return { batcher, batches, nextBatch, answerNext: () => open.shift()!() };
}

describe('requests that come together', () => {
  it('are answered in one batch, each with its own answers in order', async () => {
    const { batcher, batches, nextBatch, answerNext } = held();
    const begun = nextBatch();
    const answers = Promise.all([batcher.ask(['a', 'b']), batcher.ask(['c'])]);
    await begun;
    answerNext();
    expect(await answers).toEqual([['A', 'B'], ['C']]);
    expect(batches).toEqual([['a', 'b', 'c']]);
  });

  it('are not cut in two, and wait for the next batch where they do not fit', async () => {
    const { batcher, batches, nextBatch, answerNext } = held(4);
    let begun = nextBatch();
    const first = batcher.ask(['a', 'b', 'c']);
    const second = batcher.ask(['d', 'e']);
    await begun;
    begun = nextBatch();
    answerNext();
    await first;
    await begun;
    answerNext();
    expect(await second).toEqual(['D', 'E']);
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });

  it('are refused when too many wait, and taken again afterwards', async () => {
    const { batcher, nextBatch, answerNext } = held(2, 3);
    let begun = nextBatch();
    const first = batcher.ask(['a', 'b']);
    await begun;
    const second = batcher.ask(['c', 'd']);
    await expect(batcher.ask(['e', 'f'])).rejects.toBeInstanceOf(QueueFullError);
    begun = nextBatch();
    answerNext();
    await first;
    await begun;
    answerNext();
    await second;
    begun = nextBatch();
    const third = batcher.ask(['e', 'f']);
    await begun;
    answerNext();
    expect(await third).toEqual(['E', 'F']);
    await batcher.idle();
  });

  it('are answered one by one where they fail together, so that only the bad one fails', async () => {
    const batcher = new Batcher<string, string>({
      mostAtOnce: 4,
      mostWaiting: 4,
      answer: (items) =>
        items.includes('bad')
          ? Promise.reject(new Error('bad'))
          : Promise.resolve(items.map((item) => item.toUpperCase())),
    });
    const asked = await Promise.allSettled([batcher.ask(['a']), batcher.ask(['bad']), batcher.ask(['b'])]);
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await batcher.ask(['c'])).toEqual(['C']);
  });
});
