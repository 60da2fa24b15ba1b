import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RpcClient } from '../../../shared/rpc-client.ts';
import { fakeBackend } from '../data/fake-backend.ts';
import { experiment, version } from '../experiments/test-support.ts';
import { Corrections, correctionsOf } from './disagree-corrections.svelte.ts';
import { disagreement } from './disagree-test-support.ts';

const rows = [1, 2, 3].map((row) => disagreement(row, 2).row);

function open(refuse: () => boolean = () => false) {
  let number = 1;
  const backend = fakeBackend({
    'datasets/relabel': () => {
      if (refuse()) throw new Error('The disk is full.');
      number += 1;
      return { version: version({ id: `v${number}`, number }) };
    },
    'compare/retrain': ({ versionId }) => ({
      experiment: experiment({ id: 'new', versionId, state: 'queued' }),
    }),
  });
  return { ...backend, corrections: new Corrections(backend.rpc, 'v1') };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settled = async <T>(work: Promise<T>): Promise<T> => {
  await vi.advanceTimersByTimeAsync(0);
  return work;
};

describe('corrected labels', () => {
  it('are collected, taken back one by one with their row, and forgotten when set to what is stored', () => {
    const { corrections } = open();
    corrections.relabel(rows[0]!, 'spam');
    corrections.relabel(rows[1]!, 'spam');
    corrections.relabel(rows[1]!, 'spam');
    expect([...corrections.changes]).toEqual([
      [1, 'spam'],
      [2, 'spam'],
    ]);
    expect(corrections.undo()).toBe(2);
    expect(corrections.labelOf(rows[1]!)).toBe('ham');
    corrections.relabel(rows[0]!, 'ham');
    expect(corrections.changes.size).toBe(0);
    expect(corrections.undo()).toBe(1);
    expect(corrections.labelOf(rows[0]!)).toBe('spam');
    corrections.discard();
    expect(corrections.undo()).toBeNull();
  });

  it('kept make a version; more of them a version with all', async () => {
    const { corrections, asked } = open();
    corrections.relabel(rows[0]!, 'spam');
    const first = await settled(corrections.keep());
    expect([first?.number, corrections.kept?.number]).toEqual([2, 2]);
    corrections.relabel(rows[1]!, 'spam');
    expect(corrections.kept).toBeNull();
    await settled(corrections.keep());
    expect(asked.at(-1)?.input).toEqual({
      versionId: 'v1',
      changes: [
        { row: 1, label: 'spam' },
        { row: 2, label: 'spam' },
      ],
    });
    expect(corrections.kept?.number).toBe(3);
  });

  it('are kept before the run is trained again, and once', async () => {
    const { corrections, asked } = open();
    corrections.relabel(rows[2]!, 'spam');
    const retrained = await settled(corrections.retrain('a'));
    expect(retrained?.versionId).toBe('v2');
    await settled(corrections.retrain('b'));
    expect(asked.map(({ method }) => method)).toEqual([
      'datasets/relabel',
      'compare/retrain',
      'compare/retrain',
    ]);
    expect(asked.at(-1)?.input).toEqual({ id: 'b', versionId: 'v2' });
  });

  it('stay where keeping them is refused, and nothing is trained then', async () => {
    let full = true;
    const { corrections, asked } = open(() => full);
    corrections.relabel(rows[0]!, 'spam');
    expect(await settled(corrections.retrain('a'))).toBeNull();
    expect(corrections.fault?.message).toBe('The disk is full.');
    expect([corrections.changes.size, corrections.busy, asked.length]).toEqual([1, null, 1]);
    full = false;
    expect((await settled(corrections.keep()))?.number).toBe(2);
    expect(corrections.fault).toBeNull();
  });

  it('of a version outlast the page', () => {
    const rpc = new RpcClient({
      send: () => undefined,
      onMessage: () => undefined,
      onClose: () => undefined,
    });
    correctionsOf(rpc, 'v1').relabel(rows[0]!, 'spam');
    expect(correctionsOf(rpc, 'v1').changes.size).toBe(1);
    expect(correctionsOf(rpc, 'v2').changes.size).toBe(0);
  });
});
