import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Comparison, SavedComparison } from '../../../shared/contract/compare.ts';
import type { Curve } from '../../../shared/contract/experiments.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { detail, experiment } from '../../test-support.ts';
import { comparison, run } from '../../evaluation/compare-test-support.ts';
import { ComparisonManager } from './comparison-manager.svelte.ts';
import { CurvesManager } from './curves-manager.svelte.ts';
import { chosenAfter, markedLines, pickLines } from './pick-list.ts';
import { SavedManager } from './saved-manager.svelte.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(500);

const both = { ids: ['a', 'b'], baselineId: 'a' };
const of = (ids: readonly string[]): Comparison => comparison(ids.map((id) => run(id, 0.9)));
const majority = { label: 'ham', accuracy: 0.866, f1_macro: 0.46 };
const known = detail({}, { baselines: { majority, ownHead: null, ownHeadReason: null, linearProbe: null } });

describe('a comparison', () => {
  const open = async () => {
    const back = fakeBackend({
      'compare/read': ({ ids }) => of(ids),
      'experiments/read': () => known,
    });
    const manager = new ComparisonManager(back.rpc, both);
    const stop = manager.listen();
    await settle();
    const reads = () => back.asked.filter(({ method }) => method === 'compare/read').length;
    return { ...back, manager, stop, reads };
  };

  it('is read with what guessing gives on its rows', async () => {
    const { manager, asked } = await open();
    expect(asked[0]).toEqual({ method: 'compare/read', input: { ids: ['a', 'b'], baselineId: 'a' } });
    expect(manager.value?.runs).toHaveLength(2);
    expect(manager.majority).toBe(0.866);
  });
  it('is not read again for the same choice, and again for another baseline', async () => {
    const { manager, reads } = await open();
    await manager.open({ ...both });
    expect(reads()).toBe(1);
    void manager.open({ ...both, baselineId: 'b' });
    await settle();
    expect(reads()).toBe(2);
  });
  it('the answer to an earlier choice is dropped', async () => {
    const waiting: ((value: Comparison) => void)[] = [];
    const { rpc } = fakeBackend({ 'compare/read': () => new Promise((resolve) => waiting.push(resolve)) });
    const manager = new ComparisonManager(rpc, both);
    void manager.read();
    void manager.open({ ids: ['c'], baselineId: 'c' });
    await settle();
    waiting[1]!(of(['c']));
    waiting[0]!(of(['a', 'b']));
    await settle();
    expect(manager.value?.runs.map(({ experiment: { id } }) => id)).toEqual(['c']);
  });
  it('is read anew when one of its experiments ends, not at each step of it', async () => {
    const { emit, reads, stop } = await open();
    emit('experiments/changed', experiment({ id: 'a', name: 'SMS Spam, a', state: 'running' }));
    emit('experiments/changed', experiment({ id: 'x', state: 'failed' }));
    await settle();
    expect(reads()).toBe(1);
    emit('experiments/changed', experiment({ id: 'a', name: 'SMS Spam, a', state: 'failed' }));
    await settle();
    expect(reads()).toBe(2);
    emit('experiments/removed', { ids: ['b'] });
    await settle();
    expect(reads()).toBe(3);
    stop();
    emit('system/restarted', {});
    await settle();
    expect(reads()).toBe(3);
  });
  it('that was refused says why, and what was shown stays', async () => {
    let refused = false;
    const { rpc } = fakeBackend({
      'compare/read': ({ ids }) => {
        if (refused) throw new Error('gone');
        return of(ids);
      },
      'experiments/read': () => known,
    });
    const manager = new ComparisonManager(rpc, both);
    void manager.read();
    await settle();
    refused = true;
    void manager.open({ ids: ['a', 'z'], baselineId: 'a' });
    await settle();
    expect(manager.fault?.message).toBe('gone');
    expect(manager.value?.runs).toHaveLength(2);
  });
});

describe('the curves of a comparison', () => {
  const curve = (steps: readonly number[]): Curve => ({
    step: [...steps],
    epoch: [...steps],
    loss: [...steps],
    learning_rate: [...steps],
    grad_norm: [...steps],
    tokens_per_second: [...steps],
  });
  const open = () => {
    const back = fakeBackend({
      'experiments/curve': ({ id }) => {
        if (id === 'gone') throw new Error('no curve');
        return { curve: curve([1, 2]), evaluations: [] };
      },
    });
    return { ...back, manager: new CurvesManager(back.rpc) };
  };

  it('are read once each and shown in the order asked for', async () => {
    const { manager, asked } = open();
    void manager.open(['a', 'b', 'c', 'd', 'e', 'f']);
    await settle();
    void manager.open(['f', 'g']);
    await settle();
    expect(asked).toHaveLength(7);
    expect([...manager.curves.keys()]).toEqual(['f', 'g']);
  });
  it('are read no more for runs taken out, and not at all once the page is left', async () => {
    const { manager, asked } = open();
    const stop = manager.listen();
    const ids = () => asked.map(({ input }) => (input as { id: string }).id);
    void manager.open(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    void manager.open(['a', 'g']);
    await settle();
    expect(ids()).toEqual(['a', 'b', 'c', 'd', 'g']);
    void manager.open(['h', 'i', 'j', 'k', 'l', 'm']);
    stop();
    await settle();
    expect(ids().slice(5)).toEqual(['h', 'i', 'j', 'k']);
    void manager.open(['e']);
    await settle();
    expect([...manager.curves.keys()]).toEqual(['e']);
  });
  it('grow while an experiment runs', async () => {
    const { manager, emit } = open();
    const stop = manager.listen();
    void manager.open(['a']);
    await settle();
    emit('experiments/points', {
      id: 'a',
      curve: curve([3]),
      evaluations: [{ step: 3, epoch: 1, metrics: { accuracy: 0.5 } }],
    });
    await settle();
    expect(manager.curves.get('a')?.curve.lastStep).toBe(3);
    expect(manager.curves.get('a')?.evaluations).toHaveLength(1);
    stop();
  });
  it('one that cannot be read leaves the others', async () => {
    const { manager } = open();
    void manager.open(['gone', 'a']);
    await settle();
    expect([...manager.curves.keys()]).toEqual(['a']);
    expect(manager.fault?.message).toBe('no curve');
  });
});

describe('saved comparisons', () => {
  const one = (id: string, createdAt: number): SavedComparison => ({
    id,
    name: id,
    experimentIds: ['a', 'b'],
    baselineId: 'a',
    createdAt,
  });
  it('stand with the youngest first, are saved and forgotten', async () => {
    const { rpc, asked } = fakeBackend({
      'compare/list-saved': () => ({ saved: [one('old', 1), one('young', 2)] }),
      'compare/save': ({ name }) => ({ saved: one(name, 3) }),
      'compare/forget': () => ({}),
    });
    const manager = new SavedManager(rpc);
    await Promise.all([manager.read(), settle()]);
    expect(manager.value?.map(({ id }) => id)).toEqual(['young', 'old']);
    const [saved] = await Promise.all([manager.save('new', both), settle()]);
    expect(saved?.name).toBe('new');
    expect(asked.at(-1)?.input).toEqual({ name: 'new', ids: ['a', 'b'], baselineId: 'a' });
    await Promise.all([manager.forget(one('old', 1)), settle()]);
    expect(manager.value?.map(({ id }) => id)).toEqual(['new', 'young']);
  });
  it('that are refused say why', async () => {
    const manager = new SavedManager(fakeBackend({}).rpc);
    const [saved] = await Promise.all([manager.save('x', both), settle()]);
    expect(saved).toBeUndefined();
    expect(manager.refused?.code).toBe('test/refused');
  });
});

describe('the experiments to pick from', () => {
  const all = [
    experiment({
      id: 'a',
      name: 'run 10',
      dataName: 'SMS Spam',
      tags: ['x', 'y'],
      metrics: { accuracy: 0.9 },
    }),
    experiment({ id: 'b', name: 'run 9', dataName: 'Reviews', tags: [], metrics: null }),
    experiment({ id: 'c', name: 'run 1', dataName: 'SMS Spam', tags: ['x'], metrics: { accuracy: 0.8 } }),
  ];
  const ids = (lines: ReturnType<typeof pickLines>) =>
    lines.map((line) =>
      line.kind === 'head' ? `${line.name} (${line.experiments.length})` : line.experiment.id,
    );

  it('are sorted as numbers are, those without a result last', () => {
    expect(ids(pickLines(all, { group: '', sort: 'name', descending: false }))).toEqual(['c', 'b', 'a']);
    expect(ids(pickLines(all, { group: '', sort: 'metric', descending: true }))).toEqual(['a', 'c', 'b']);
    expect(ids(pickLines(all, { group: '', sort: 'metric', descending: false }))).toEqual(['c', 'a', 'b']);
  });
  it('stand in groups; one with two tags in both', () => {
    expect(ids(pickLines(all, { group: 'data', sort: 'name', descending: false }))).toEqual([
      'Reviews (1)',
      'b',
      'SMS Spam (2)',
      'c',
      'a',
    ]);
    expect(ids(pickLines(all, { group: 'tag', sort: 'name', descending: false }))).toEqual([
      'no tag (1)',
      'b',
      'x (2)',
      'c',
      'a',
      'y (1)',
      'a',
    ]);
  });
  it("a head's box chooses its group, and one of it taken away takes the head's mark", () => {
    const lines = pickLines(all, { group: 'data', sort: 'name', descending: false });
    const spam = lines.find((line) => line.kind === 'head' && line.name === 'SMS Spam')!;
    const chosen = chosenAfter(lines, new Set(), new Set([spam.id]));
    expect([...chosen].sort()).toEqual(['a', 'c']);
    const marks = markedLines(lines, chosen);
    expect(marks.has(spam.id)).toBe(true);
    marks.delete('SMS Spam c');
    const left = chosenAfter(lines, chosen, marks);
    expect([...left]).toEqual(['a']);
    expect(markedLines(lines, left).has(spam.id)).toBe(false);
  });
  it('what the filters hide stays chosen', () => {
    const shown = pickLines([all[0]!], { group: '', sort: 'name', descending: false });
    expect([...chosenAfter(shown, new Set(['b']), new Set(['a']))]).toEqual(['b', 'a']);
  });
});
