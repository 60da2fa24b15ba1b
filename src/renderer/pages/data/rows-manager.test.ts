import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InputOf } from '../../../shared/contract.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { RowsManager } from './rows-manager.svelte.ts';

const row = (at: number) => ({
  row: at + 1,
  text: `text ${at + 1}`,
  textPair: null,
  label: at % 2 === 0 ? 'ham' : 'spam',
  split: null,
  tokens: null,
  extra: {},
});
function open(total = 1000, answer?: (input: InputOf<'datasets/rows'>) => Promise<void> | void) {
  const backend = fakeBackend({
    'datasets/rows': async (input) => {
      await answer?.(input);
      const offset = input.offset ?? 0;
      const items = Array.from({ length: Math.min(100, total - offset) }, (_, at) => row(offset + at));
      return { total, items };
    },
  });
  return { ...backend, rows: new RowsManager(backend.rpc, 'v1') };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(100);

describe('rows of a version', () => {
  it('are read in pages as they come into view, each once', async () => {
    const { rows, asked } = open();
    await settle();
    expect(rows.total).toBe(1000);
    expect(rows.at(0)?.text).toBe('text 1');
    rows.ensure(250, 320);
    rows.ensure(260, 330);
    await settle();
    expect(rows.at(320)?.row).toBe(321);
    expect(rows.at(500)).toBeUndefined();
    expect(asked.map(({ input }) => (input as { offset: number }).offset)).toEqual([0, 200, 300]);
  });

  it('stay few in memory however far one scrolls', async () => {
    const { rows } = open(650_000);
    await settle();
    for (let first = 0; first < 20_000; first += 100) {
      rows.ensure(first, first + 40);
      await settle();
    }
    expect(rows.at(19_900)).toBeDefined();
    expect(rows.at(0)).toBeUndefined();
    rows.ensure(0, 40);
    await settle();
    expect(rows.at(0)?.row).toBe(1);
  });

  it('answer words after a pause in typing, and drop the answer to older words', async () => {
    let slow: (() => void) | undefined;
    const { rows, asked } = open(1000, (input) => {
      if (input.query === 'fr') return new Promise<void>((resolve) => (slow = resolve));
      return undefined;
    });
    await settle();
    rows.narrow({ query: 'f' });
    rows.narrow({ query: 'fr' });
    await settle();
    rows.narrow({ query: 'free' });
    expect(rows.at(0)).toBeDefined();
    await settle();
    slow?.();
    await settle();
    expect(asked.map(({ input }) => (input as { query: string }).query)).toEqual(['', 'fr', 'free']);
    expect(rows.reading).toBe(false);
  });

  it('show the fault of a question and ask again', async () => {
    let broken = true;
    const { rows } = open(10, () => {
      if (broken) throw new Error('The data set vanished.');
    });
    await settle();
    expect(rows.fault?.message).toBe('The data set vanished.');
    broken = false;
    void rows.replace();
    await settle();
    expect(rows.fault).toBeNull();
    expect(rows.total).toBe(10);
  });
});
