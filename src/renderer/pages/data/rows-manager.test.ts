import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InputOf } from '../../../shared/contract.ts';
import { fakeBackend } from './fake-backend.ts';
import { RowsManager } from './rows-manager.svelte.ts';

const sha256 = '0'.repeat(64);
const row = (at: number) => ({
  row: at + 1,
  text: `text ${at + 1}`,
  textPair: null,
  label: at % 2 === 0 ? 'ham' : 'spam',
  split: null,
  tokens: null,
  extra: {},
});
const version = {
  id: 'v2',
  datasetId: 'd',
  number: 2,
  sha256,
  present: true,
  rows: 1000,
  bytes: 1,
  labels: [],
  splits: [],
  columns: ['text', 'label'],
  change: '1 label corrected',
  parentId: 'v1',
  createdAt: 0,
  experiments: 0,
};

function open(total = 1000, answer?: (input: InputOf<'datasets/rows'>) => Promise<void> | void) {
  const backend = fakeBackend({
    'datasets/rows': async (input) => {
      await answer?.(input);
      const offset = input.offset ?? 0;
      const items = Array.from({ length: Math.min(100, total - offset) }, (_, at) => row(offset + at));
      return { total, items };
    },
    'datasets/relabel': () => ({ version }),
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
    expect(rows.searching).toBe(false);
  });

  it('show the fault of a question and ask again', async () => {
    let broken = true;
    const { rows } = open(10, () => {
      if (broken) throw new Error('The data set vanished.');
    });
    await settle();
    expect(rows.fault?.message).toBe('The data set vanished.');
    broken = false;
    rows.retry();
    await settle();
    expect(rows.fault).toBeNull();
    expect(rows.total).toBe(10);
  });
});

describe('corrected labels', () => {
  it('are collected, taken back one by one, and forgotten when set to what is stored', async () => {
    const { rows } = open();
    await settle();
    const [first, second] = [rows.at(0)!, rows.at(1)!];
    rows.relabel(first, 'spam');
    rows.relabel(second, 'ham');
    expect([...rows.changes]).toEqual([
      [1, 'spam'],
      [2, 'ham'],
    ]);
    rows.undo();
    expect(rows.labelOf(second)).toBe('spam');
    rows.relabel(first, 'ham');
    expect(rows.changes.size).toBe(0);
    rows.undo();
    expect(rows.labelOf(first)).toBe('spam');
    rows.discard();
    expect(rows.changes.size).toBe(0);
    rows.undo();
    expect(rows.changes.size).toBe(1);
  });

  it('become a new version, and stay when that is refused', async () => {
    const { rows, asked } = open();
    await settle();
    rows.relabel(rows.at(0)!, 'spam');
    const saved = rows.save();
    await settle();
    expect((await saved).id).toBe('v2');
    expect(asked.at(-1)).toEqual({
      method: 'datasets/relabel',
      input: { versionId: 'v1', changes: [{ row: 1, label: 'spam' }] },
    });
    expect(rows.changes.size).toBe(0);
  });
});
