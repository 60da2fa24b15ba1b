import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Curve, Experiment, PredictionRow } from '../../../shared/contract/experiments.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { actionsOf } from './experiment-actions.ts';
import { mainMetric } from '../../experiment-words.ts';
import { stateRank } from '../../managers/experiment-search.svelte.ts';
import { EvaluationManager } from './evaluation-manager.svelte.ts';
import { ExperimentListManager } from './experiment-list-manager.svelte.ts';
import { ExperimentManager } from './experiment-manager.svelte.ts';
import { LogManager } from './log-manager.svelte.ts';
import { detail, experiment } from '../../test-support.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const curve = (from: number, to: number): Curve => {
  const step = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  const zero = step.map(() => 0);
  return {
    step,
    epoch: zero,
    loss: step.map((s) => 1 / s),
    learning_rate: zero,
    grad_norm: zero,
    tokens_per_second: zero,
  };
};

describe('the list of experiments', () => {
  const all: Experiment[] = [
    experiment({
      id: 'a',
      state: 'finished',
      tags: ['good'],
      metrics: { loss: 1, accuracy: 0.9 },
      createdAt: 1,
    }),
    experiment({ id: 'b', state: 'queued', queuePlace: 2, modelName: 'bert-tiny', createdAt: 2 }),
    experiment({ id: 'c', state: 'queued', queuePlace: 1, starred: true, createdAt: 3 }),
    experiment({ id: 'x', archived: true, state: 'failed' }),
  ];
  const open = () => {
    const back = fakeBackend({
      'experiments/move': () => ({}),
      'experiments/update': () => ({ experiment: all[0]! }),
      'experiments/remove': () => ({}),
      'experiments/restore': () => ({}),
    });
    const source = { value: all, fault: null, read: () => Promise.resolve(), listen: () => () => undefined };
    return { ...back, list: new ExperimentListManager(back.rpc, source) };
  };

  it('filters by state, model, tag, star and words, the archived ones apart', () => {
    const { list } = open();
    const ids = (filters: Partial<typeof list.filters>) => {
      list.clearFilters();
      list.filters = { ...list.filters, ...filters };
      return list.shown.map(({ id }) => id);
    };
    expect(ids({})).toEqual(['a', 'b', 'c']);
    expect(ids({ state: 'queued' })).toEqual(['b', 'c']);
    expect(ids({ model: 'bert-tiny' })).toEqual(['b']);
    expect(ids({ tag: 'good' })).toEqual(['a']);
    expect(ids({ query: 'TINY lora' })).toEqual(['b']);
    expect(list.options.state).toEqual(['queued', 'failed', 'finished']);
    list.clearFilters();
    list.toggle('starred');
    expect(list.shown.map(({ id }) => id)).toEqual(['c']);
    list.toggle('starred');
    list.toggle('archived');
    expect(list.shown.map(({ id }) => id)).toEqual(['x']);
    list.clearFilters();
    expect(list.shown).toHaveLength(3);
  });

  it('stands the running first and the queue in its order when sorted by state', () => {
    const order = all.toSorted((a, b) => stateRank(a) - stateRank(b)).map(({ id }) => id);
    expect(order).toEqual(['c', 'b', 'x', 'a']);
    expect(mainMetric(all[0]!)).toEqual({ name: 'accuracy', value: 0.9 });
  });

  it('moves within the queue and never out of it', async () => {
    const { list, asked } = open();
    expect(list.queue.map(({ id }) => id)).toEqual(['c', 'b']);
    await list.move('c', 9);
    expect(asked).toEqual([{ method: 'experiments/move', input: { id: 'c', place: 2 } }]);
  });

  it('gives a tag to all, and takes it away where all have it', async () => {
    const { list, asked } = open();
    await list.tag(['a', 'b'], 'good');
    await list.tag(['a'], 'good');
    expect(asked.map(({ input }) => input)).toEqual([
      { id: 'a', tags: ['good'] },
      { id: 'b', tags: ['good'] },
      { id: 'a', tags: [] },
    ]);
  });

  it('removes with an undo, and says what was refused', async () => {
    const { list } = open();
    list.chosen = new Set(['a', 'b']);
    await list.remove(['a']);
    expect([...list.chosen]).toEqual(['b']);
    await list.restore(['a']);
    expect(list.refused).toBeNull();
    await list.unqueue('b');
    expect(list.refused?.code).toBe('test/refused');
  });
});

describe('an experiment', () => {
  const open = async (answers: Parameters<typeof fakeBackend>[0] = {}) => {
    const back = fakeBackend({
      'experiments/read': () => detail(),
      'experiments/curve': () => ({ curve: curve(1, 10), evaluations: [] }),
      ...answers,
    });
    const manager = new ExperimentManager(back.rpc, 'e');
    const stop = manager.listen();
    await vi.advanceTimersByTimeAsync(0);
    return { ...back, manager, stop };
  };

  it('shows the whole curve when it is opened late and goes on with events', async () => {
    const { manager, emit } = await open();
    expect(manager.curve.length).toBe(10);
    const revision = manager.revision;
    emit('experiments/points', {
      id: 'e',
      curve: curve(11, 12),
      evaluations: [{ step: 12, epoch: 1, metrics: { accuracy: 0.9 } }],
    });
    emit('experiments/points', { id: 'other', curve: curve(13, 20), evaluations: [] });
    expect(manager.curve.lastStep).toBe(12);
    expect(manager.revision).toBe(revision + 1);
    expect(manager.evaluations).toHaveLength(1);
  });

  it('loses no point that comes while the curve is being read', async () => {
    let answer: (value: { curve: Curve; evaluations: [] }) => void = () => undefined;
    const { manager, emit } = await open({
      'experiments/curve': () => new Promise((resolve) => (answer = resolve)),
    });
    emit('experiments/points', { id: 'e', curve: curve(9, 14), evaluations: [] });
    expect(manager.curve.length).toBe(0);
    answer({ curve: curve(1, 10), evaluations: [] });
    await vi.advanceTimersByTimeAsync(0);
    expect([...manager.curve.column('step')]).toEqual(curve(1, 14).step);
  });

  it('reads all anew when the backend came back', async () => {
    const { emit, asked } = await open();
    emit('system/restarted', {});
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.filter(({ method }) => method === 'experiments/curve')).toHaveLength(2);
  });

  it('follows the state by events and reads the details when it settles', async () => {
    const { manager, emit, asked } = await open();
    emit('experiments/changed', experiment({ state: 'finished', step: 375 }));
    expect(manager.value?.experiment.state).toBe('finished');
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.filter(({ method }) => method === 'experiments/read')).toHaveLength(2);
  });

  it('does not read the details again at each step before the first evaluation', async () => {
    const running = { experiment: experiment({ state: 'running', step: 30, metrics: null }) };
    const { emit, asked } = await open({ 'experiments/read': () => ({ ...detail(), ...running }) });
    for (const step of [40, 50]) emit('experiments/changed', { ...running.experiment, step });
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.filter(({ method }) => method === 'experiments/read')).toHaveLength(1);
    emit('experiments/changed', { ...running.experiment, step: 60, metrics: { accuracy: 0.9 } });
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.filter(({ method }) => method === 'experiments/read')).toHaveLength(2);
  });

  it('saves notes a moment after the last key, and when the page is left', async () => {
    const { manager, asked, stop } = await open({
      'experiments/update': () => ({ experiment: experiment() }),
    });
    manager.writeNotes('a');
    manager.writeNotes('ab');
    await vi.advanceTimersByTimeAsync(700);
    expect(manager.notesSaved).toBe(true);
    manager.writeNotes('abc');
    stop();
    await vi.advanceTimersByTimeAsync(0);
    const notes = asked.filter(({ method }) => method === 'experiments/update').map(({ input }) => input);
    expect(notes).toEqual([
      { id: 'e', notes: 'ab' },
      { id: 'e', notes: 'abc' },
    ]);
  });

  it('keeps the page when a request is refused', async () => {
    const { manager } = await open();
    await manager.pause();
    expect(manager.refused?.code).toBe('test/refused');
    expect(manager.value?.experiment).toBeDefined();
    expect(manager.doing).toBeNull();
  });

  it.each([
    ['running', null, ['pause', 'stop', 'change']],
    ['interrupted', null, ['resume', 'retry', 'change', 'remove']],
    ['failed', null, ['retry', 'change', 'remove']],
    ['failed', 50, ['resume', 'retry', 'change', 'remove']],
    ['finished', null, ['retry', 'change', 'remove']],
  ] as const)('offers a %s one (checkpoint %s) what it can do', (state, checkpointStep, actions) => {
    expect(actionsOf({ state, checkpointStep })).toEqual(actions);
  });
});

describe('evaluation and log', () => {
  const row = (n: number): PredictionRow => ({
    row: { row: n, text: 't', textPair: null, label: 'a', split: null, tokens: null, extra: {} },
    expected: 'a',
    predicted: 'b',
    score: 0.9,
    expectedScore: 0.1,
  });

  it('shows the rows chosen last, whichever answer comes first', async () => {
    const waiting: { input: unknown; resolve: (value: { total: number; items: PredictionRow[] }) => void }[] =
      [];
    const back = fakeBackend({
      'experiments/evaluation': () => ({
        evaluation: {
          labels: ['a', 'b'],
          rows: 2,
          metrics: {},
          perClass: [],
          confusion: [
            [1, 1],
            [0, 0],
          ],
        },
      }),
      'experiments/predictions': (input) => new Promise((resolve) => waiting.push({ input, resolve })),
    });
    const evaluation = new EvaluationManager(back.rpc, 'e');
    void evaluation.read();
    await vi.advanceTimersByTimeAsync(0);
    void evaluation.choose({ only: 'all', order: 'row' });
    await vi.advanceTimersByTimeAsync(0);
    waiting[1]!.resolve({ total: 1, items: [row(2)] });
    waiting[0]!.resolve({ total: 5, items: [row(1)] });
    await vi.advanceTimersByTimeAsync(0);
    expect(evaluation.rows.value?.items.map(({ row: { row: n } }) => n)).toEqual([2]);
    expect(waiting[1]!.input).toMatchObject({ only: 'all', order: 'row' });
  });

  it('knows that answers are not kept where errors were counted and no row is there', async () => {
    let errors = 3;
    const back = fakeBackend({
      'experiments/evaluation': () => ({
        evaluation: {
          labels: ['a', 'b'],
          rows: 9,
          metrics: {},
          perClass: [],
          confusion: [
            [6, errors],
            [0, 0],
          ],
        },
      }),
      'experiments/predictions': () => ({ total: 0, items: [] }),
    });
    const open = async () => {
      const evaluation = new EvaluationManager(back.rpc, 'e');
      await Promise.all([evaluation.read(), vi.advanceTimersByTimeAsync(0)]);
      return evaluation;
    };
    expect((await open()).withoutAnswers).toBe(true);
    errors = 0;
    const faultless = await open();
    expect(faultless.withoutAnswers).toBe(false);
    await Promise.all([faultless.choose({ only: 'all', order: 'row' }), vi.advanceTimersByTimeAsync(0)]);
    expect(faultless.withoutAnswers).toBe(true);
  });

  it('shows the end of a long log first and goes back page by page', async () => {
    const lines = Array.from({ length: 450 }, (_, i) => ({ at: i, level: 'info' as const, message: `${i}` }));
    const back = fakeBackend({
      'experiments/log': ({ offset = 0, limit = 100 }) => ({
        total: lines.length,
        items: lines.slice(offset, offset + limit),
      }),
      'experiments/files': () => ({ files: [] }),
    });
    const log = new LogManager(back.rpc, 'e');
    await Promise.all([log.read(), vi.advanceTimersByTimeAsync(0)]);
    expect(log.value?.lines.at(-1)?.message).toBe('449');
    expect(log.value?.earlier).toBe(250);
    await Promise.all([log.readEarlier(), vi.advanceTimersByTimeAsync(0)]);
    await Promise.all([log.readEarlier(), vi.advanceTimersByTimeAsync(0)]);
    expect(log.value?.lines.map(({ message }) => message)).toEqual(lines.map(({ message }) => message));
    expect(log.value?.earlier).toBe(0);
  });
});
