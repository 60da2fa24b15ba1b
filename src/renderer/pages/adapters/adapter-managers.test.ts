import { describe, expect, it } from 'vitest';
import type { Adapter } from '../../../shared/contract/adapters.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { experiment } from '../../test-support.ts';
import { AdapterListManager } from './adapter-list-manager.svelte.ts';
import { AdapterManager } from './adapter-manager.svelte.ts';
import { adapter, adapterDetail } from './test-support.ts';

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('the list of adapters', () => {
  const open = (all: Adapter[]) => {
    let there = all;
    const backend = fakeBackend({
      'adapters/list': () => ({ adapters: there }),
      'adapters/dependents': () => ({ exports: [{ id: 'x', name: 'for the shop' }], adapters: [] }),
      'adapters/remove': ({ ids }) => {
        there = there.filter(({ id }) => !ids.includes(id));
        return {};
      },
      'adapters/restore': () => {
        there = all;
        return {};
      },
    });
    const experiments = [experiment({ id: 'e', dataName: 'reviews', metrics: { accuracy: 0.612 } })];
    const list = new AdapterListManager(backend.rpc, { value: experiments });
    return { ...backend, list, names: () => list.shown.map(({ name }) => name) };
  };
  const three = [
    adapter({ id: '1', name: 'trained' }),
    adapter({ id: '2', name: 'brought in', origin: 'imported', experimentId: null, modelName: 'bert-tiny' }),
    adapter({ id: '3', name: 'of both', origin: 'merged', experimentId: null }),
  ];

  it('knows the data and the accuracy from the experiment that trained it', async () => {
    const { list } = open(three);
    await list.source.read();
    expect(list.items?.map(({ dataName, accuracy }) => [dataName, accuracy])).toEqual([
      ['reviews', 0.612],
      [null, null],
      [null, null],
    ]);
  });

  it('is narrowed by base, data, origin and words', async () => {
    const { list, names } = open(three);
    await list.source.read();
    list.filters.model = 'bert-tiny';
    expect(names()).toEqual(['brought in']);
    list.clearFilters();
    list.filters.data = 'reviews';
    expect(names()).toEqual(['trained']);
    list.clearFilters();
    list.filters.origin = 'merged';
    expect(names()).toEqual(['of both']);
    list.clearFilters();
    list.filters.query = 'MiniLM both';
    expect(names()).toEqual(['of both']);
    expect(list.options).toEqual({
      model: ['all-MiniLM-L6-v2', 'bert-tiny'],
      data: ['reviews'],
      origin: ['experiment', 'imported', 'merged'],
    });
  });

  it('acts only on the chosen ones that are shown', async () => {
    const { list } = open(three);
    await list.source.read();
    list.chosen = new Set(['1', '2']);
    list.filters.origin = 'imported';
    expect(list.picked.map(({ id }) => id)).toEqual(['2']);
  });

  it('says what depends on what is removed, and gives it back', async () => {
    const { list, names } = open(three);
    await list.source.read();
    list.chosen = new Set(['1']);
    expect((await list.dependents(['1'])).exports).toHaveLength(1);
    await list.remove(['1']);
    expect(names()).toEqual(['brought in', 'of both']);
    expect(list.picked).toEqual([]);
    await list.restore(['1']);
    expect(names()).toHaveLength(3);
  });

  it('reads itself again when adapters change, until nobody looks', async () => {
    const { list, asked, emit } = open(three);
    const stop = list.source.listen();
    await settle();
    emit('adapters/changed', { id: '1' });
    await settle();
    stop();
    emit('adapters/changed', { id: '1' });
    await settle();
    expect(asked.map(({ method }) => method)).toEqual(['adapters/list', 'adapters/list']);
  });

  it('reads itself once more for all that changed while it was read', async () => {
    const { list, asked, emit, names } = open(three);
    const stop = list.source.listen();
    for (const id of ['1', '2', '3']) emit('adapters/changed', { id });
    await list.remove(['1']);
    expect(names()).toEqual(['brought in', 'of both']);
    // Not five: one for each change and one for the removal.
    expect(asked.filter(({ method }) => method === 'adapters/list').length).toBeLessThanOrEqual(3);
    stop();
  });

  it('that cannot be read says why', async () => {
    const list = new AdapterListManager(fakeBackend({}).rpc, { value: null });
    await list.source.read();
    expect(list.items).toBeNull();
    expect(list.source.fault?.code).toBe('test/refused');
  });
});

describe('an adapter', () => {
  it('is renamed in place, and keeps its name where that is refused', async () => {
    const { rpc } = fakeBackend({
      'adapters/read': () => adapterDetail(),
      'adapters/update': ({ name }) => {
        if (name === 'taken') throw new Error('The name is taken.');
        return { adapter: adapter({ name }) };
      },
    });
    const manager = new AdapterManager(rpc, 'a');
    await manager.read();
    await manager.rename('for the shop');
    expect(manager.value?.adapter.name).toBe('for the shop');
    await manager.rename('taken');
    expect(manager.value?.adapter.name).toBe('for the shop');
    expect(manager.refused?.message).toBe('The name is taken.');
  });

  it('shows a base that changed as soon as models change', async () => {
    let matches = true;
    const { rpc, emit } = fakeBackend({
      'adapters/read': () =>
        adapterDetail(
          {},
          {
            base: { modelId: 'm', name: 'b', sha256: null, matches, reason: matches ? null : 'It changed.' },
          },
        ),
    });
    const manager = new AdapterManager(rpc, 'a');
    const stop = manager.listen();
    await settle();
    expect(manager.value?.lineage.base.matches).toBe(true);
    matches = false;
    emit('models/changed', { id: 'm' });
    await settle();
    expect(manager.value?.lineage.base.reason).toBe('It changed.');
    stop();
  });
});
