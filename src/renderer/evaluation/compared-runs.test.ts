import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunFigures } from '../../shared/contract/compare.ts';
import { fakeBackend } from '../fake-backend.ts';
import { ComparedRuns } from './compared-runs.svelte.ts';
import { comparison, run } from './compare-test-support.ts';

async function open(runs: RunFigures[], ids: string[]) {
  const backend = fakeBackend({ 'compare/read': () => comparison(runs) });
  const compared = new ComparedRuns(backend.rpc, ids);
  await vi.advanceTimersByTimeAsync(0);
  return compared;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('runs row by row', () => {
  it('stand beside each other in the order asked for, in the colours of that order', async () => {
    const compared = await open([run('b', 0.9), run('a', 0.9)], ['a', 'b']);
    expect(compared.comparable?.map(({ id, colour }) => [id, colour])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
  });

  it('leave out those without predictions, and keep their colours', async () => {
    const reason = 'It ended before its rows were scored.';
    const compared = await open(
      [run('a', 0.9), run('old', null, {}, { reason }), run('b', 0.9)],
      ['a', 'old', 'b'],
    );
    expect(compared.comparable?.map(({ id, colour }) => [id, colour])).toEqual([
      ['a', 0],
      ['b', 2],
    ]);
    expect(compared.without.map((one) => one.reason)).toEqual([reason]);
  });

  it('have no colour taken away by one that is gone from the workspace', async () => {
    const compared = await open([run('a', 0.9), run('b', 0.9)], ['gone', 'a', 'b']);
    expect(compared.comparable?.map(({ id, colour }) => [id, colour])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
  });

  it('on different rows are compared only once a group that agrees is chosen', async () => {
    const other = { rowsKey: 'other', rows: 200 };
    const compared = await open([run('a', 0.9, {}, other), run('b', 0.9), run('c', 0.9)], ['a', 'b', 'c']);
    expect(compared.comparable).toBeNull();
    expect(compared.groups.map(({ rows, runs }) => [rows, runs.length])).toEqual([
      [1000, 2],
      [200, 1],
    ]);
    compared.choose('k');
    expect(compared.comparable?.map(({ id }) => id)).toEqual(['b', 'c']);
    compared.choose(null);
    expect(compared.comparable).toBeNull();
  });

  it('that cannot be read say why', async () => {
    const backend = fakeBackend({});
    const compared = new ComparedRuns(backend.rpc, ['a']);
    await vi.advanceTimersByTimeAsync(0);
    expect(compared.fault?.message).toBe('no answer to compare/read');
    expect(compared.value).toBeNull();
  });
});
