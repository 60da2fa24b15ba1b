import { describe, expect, it } from 'vitest';
import type { Export } from '../../../shared/contract/exports.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { ExportListManager } from './export-list-manager.svelte.ts';
import { ExportManager } from './export-manager.svelte.ts';
import { exported, proof, target } from './test-support.ts';

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('the list of exports', () => {
  const open = (all: Export[]) => {
    let there = all;
    const backend = fakeBackend({
      'exports/list': () => ({ exports: there }),
      'exports/remove': ({ id }) => {
        if (id === 'held') throw new Error('It is being written.');
        there = there.filter((one) => one.id !== id);
        return {};
      },
    });
    const list = new ExportListManager(backend.rpc);
    return { ...backend, list, ids: () => list.shown.map(({ id }) => id) };
  };
  const two = [
    exported({ id: 'good' }),
    exported({
      id: 'bad',
      modelName: 'bert',
      targets: [target({ target: 'onnx-int8', state: 'failed', proof: proof({ passed: false }) })],
    }),
  ];

  it('is narrowed by state, target, model and words', async () => {
    const { list, ids } = open(two);
    await list.source.read();
    list.filters.state = 'failed';
    expect(ids()).toEqual(['bad']);
    list.clearFilters();
    list.filters.target = 'hf';
    expect(ids()).toEqual(['good']);
    list.clearFilters();
    list.filters.model = 'bert';
    expect(ids()).toEqual(['bad']);
    list.clearFilters();
    list.filters.query = 'int8 stars';
    expect(ids()).toEqual(['bad']);
    expect(list.options.target).toEqual(['hf', 'onnx-int8']);
  });

  it('follows an export while it is written, a new one too, and one that is removed elsewhere', async () => {
    const { list, emit, ids } = open(two);
    const stop = list.source.listen();
    await settle();
    emit('exports/changed', exported({ id: 'new', jobId: 'j' }));
    expect(ids()).toEqual(['new', 'good', 'bad']);
    emit('exports/changed', exported({ id: 'new', jobId: null, name: 'done' }));
    expect(list.items?.[0]?.name).toBe('done');
    emit('exports/removed', { id: 'good' });
    expect(ids()).toEqual(['new', 'bad']);
    stop();
    emit('exports/removed', { id: 'bad' });
    expect(ids()).toEqual(['new', 'bad']);
  });

  it('removes several, with their files where asked for; what was refused stays', async () => {
    const { list, asked, ids } = open([...two, exported({ id: 'held' })]);
    await list.source.read();
    list.chosen = new Set(['good', 'held']);
    await list.removeExports(['good', 'held', 'bad'], true);
    expect(list.refused?.message).toBe('It is being written.');
    expect(ids()).toEqual(['bad', 'held']);
    expect(asked[1]?.input).toEqual({ id: 'good', files: true });
  });
});

describe('an export', () => {
  it('shows its targets as they come to their end', async () => {
    const { rpc, emit } = fakeBackend({
      'exports/read': () => ({
        export: exported({ jobId: 'j', targets: [target({ state: 'writing', proof: null })] }),
      }),
    });
    const manager = new ExportManager(rpc, 'x');
    const stop = manager.listen();
    await settle();
    expect(manager.jobId).toBe('j');
    emit('exports/changed', exported({ id: 'another' }));
    expect(manager.value?.targets[0]?.state).toBe('writing');
    emit('exports/changed', exported());
    expect(manager.value?.targets[0]?.state).toBe('passed');
    expect(manager.jobId).toBeNull();
    stop();
  });

  it('is verified by a job, which also a window that was loaded in the middle sees', async () => {
    const { rpc, asked, emit } = fakeBackend({
      'exports/read': () => ({ export: exported() }),
      'exports/verify': () => ({ jobId: 'v' }),
    });
    const manager = new ExportManager(rpc, 'x');
    const stop = manager.listen();
    await settle();
    await manager.verify();
    expect(asked.at(-1)).toEqual({ method: 'exports/verify', input: { id: 'x' } });
    emit('exports/changed', exported({ jobId: 'v' }));
    expect(manager.jobId).toBe('v');
    emit('exports/changed', exported({ targets: [target({ state: 'failed' })] }));
    expect(manager.jobId).toBeNull();
    expect(manager.lastJobId).toBe('v');
    expect(manager.value?.targets[0]?.state).toBe('failed');
    stop();
  });

  it('that is removed in another window says so', async () => {
    const { rpc, emit } = fakeBackend({ 'exports/read': () => ({ export: exported() }) });
    const manager = new ExportManager(rpc, 'x');
    manager.listen();
    await settle();
    emit('exports/removed', { id: 'x' });
    expect(manager.fault?.code).toBe('exports/removed');
  });

  it('stays when its removal is refused', async () => {
    const manager = new ExportManager(fakeBackend({}).rpc, 'x');
    expect(await manager.remove(false)).toBe(false);
    expect(manager.refused?.code).toBe('test/refused');
  });
});
