import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HubModel } from '../../../shared/contract/models.ts';
import { fakeBackend, sampleModel as model } from '../../fake-backend.ts';
import { ModelListManager } from './model-list-manager.svelte.ts';
import { ModelManager } from './model-manager.svelte.ts';

const onHub = (hubId: string): HubModel => ({
  hubId,
  downloads: 1,
  likes: 1,
  pipeline: null,
  updatedAt: null,
  gated: false,
  local: false,
  licence: 'mit',
  architecture: 'bert',
  parameters: null,
  unsupported: null,
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(300);

describe('the list of models', () => {
  const open = (search?: (query: string) => Promise<void> | void) => {
    const backend = fakeBackend({
      'models/list': () => ({ models: [model] }),
      'models/cached': () => ({ models: [onHub('bert-base-uncased')] }),
      'models/search': async ({ query }) => {
        await search?.(query);
        return { total: 3, items: [onHub('prajjwal1/bert-tiny'), onHub(`found/${query}`)] };
      },
    });
    const manager = new ModelListManager(backend.rpc);
    return { ...backend, manager, stop: manager.source.listen() };
  };

  it('filters what is here at once and shows from the hub only what is not here', async () => {
    const { manager } = open();
    await settle();
    manager.search('tiny');
    expect(manager.here).toHaveLength(1);
    expect(manager.cached).toHaveLength(0);
    await settle();
    expect(manager.results.map(({ hubId }) => hubId)).toEqual(['found/tiny']);
  });

  it('asks the hub after a pause in typing and drops older answers', async () => {
    let slow: (() => void) | undefined;
    const { manager, asked } = open((query) =>
      query === 'ber' ? new Promise<void>((resolve) => (slow = resolve)) : undefined,
    );
    await settle();
    manager.search('be');
    manager.search('ber');
    await settle();
    manager.search('bert');
    await settle();
    slow?.();
    await settle();
    expect(manager.results.map(({ hubId }) => hubId)).toEqual(['found/bert']);
    expect(asked.filter(({ method }) => method === 'models/search')).toHaveLength(2);
    manager.search('');
    expect(manager.results).toEqual([]);
  });

  it('stays usable when the hub does not answer', async () => {
    const { manager } = open(() => {
      throw new Error('The hub does not answer.');
    });
    await settle();
    manager.search('bert');
    await settle();
    expect(manager.hub.fault?.message).toBe('The hub does not answer.');
    expect(manager.here).toHaveLength(1);
    expect(manager.cached).toHaveLength(1);
  });

  it('is filtered and sorted as asked, and gives back what was removed', async () => {
    let all = [
      { ...model, id: 'a', name: 'large', parameters: 9, addedAt: 2 },
      { ...model, id: 'b', name: 'tiny', parameters: 1, addedAt: 1, present: false },
    ];
    const everything = all;
    const manager = new ModelListManager(
      fakeBackend({
        'models/list': () => ({ models: all }),
        'models/cached': () => ({ models: [] }),
        'models/remove': ({ id }) => {
          all = all.filter((one) => one.id !== id);
          return {};
        },
        'models/restore': () => {
          all = everything;
          return {};
        },
      }).rpc,
    );
    await manager.source.read();
    const names = () => manager.here.map(({ name }) => name);
    expect(names()).toEqual(['large', 'tiny']);
    manager.order = 'smallest';
    expect(names()).toEqual(['tiny', 'large']);
    manager.filters.show = 'missing';
    expect(names()).toEqual(['tiny']);
    await manager.remove(['b']);
    expect(names()).toEqual([]);
    await manager.restore(['b']);
    expect(names()).toEqual(['tiny']);
  });

  it('reads itself again when models change', async () => {
    const { asked, emit, stop } = open();
    await settle();
    emit('models/changed', { id: 'm' });
    await settle();
    stop();
    emit('models/changed', { id: 'm' });
    await settle();
    expect(asked.filter(({ method }) => method === 'models/list')).toHaveLength(2);
  });
});

describe('a model', () => {
  const preset = (key: string) => ({ key, name: key, help: '', adapter: { r: key }, training: {} });
  const open = (present = true) => {
    const backend = fakeBackend({
      'models/read': () => ({
        model: { ...model, present },
        tree: [],
        licenceText: null,
        loading: null,
        tokenizerNotes: [],
      }),
      'experiments/presets': () => ({ presets: [preset('article'), preset('small')] }),
      'models/preview-adapter': ({ adapter }) => {
        if (adapter['r'] === 'small') throw new Error('Target modules not found.');
        return {
          targets: ['q'],
          trainable: 1,
          all: 10,
          trainablePercent: 10,
          bytes: 4,
          saved: [],
          unmatched: [],
        };
      },
      'models/tokenize': ({ text }) => ({
        tokens: [{ id: 1, text, special: false, unknown: false }],
        unknown: 0,
      }),
    });
    const manager = new ModelManager(backend.rpc, 'm');
    return { ...backend, manager, stop: manager.listen() };
  };

  it('shows what the first preset would touch, and says why another cannot', async () => {
    const { manager } = open();
    await settle();
    expect(manager.preset).toBe('article');
    expect(manager.preview.value?.targets).toEqual(['q']);
    await manager.show('small');
    expect(manager.preview.value).toBeNull();
    expect(manager.preview.fault?.message).toBe('Target modules not found.');
    await manager.show(null);
    expect(manager.preview.fault).toBeNull();
  });

  it('whose folder vanished is not asked for presets', async () => {
    const { manager, asked } = open(false);
    await settle();
    expect(manager.value?.model.present).toBe(false);
    expect(asked.map(({ method }) => method)).toEqual(['models/read']);
  });

  it('tokenises what is typed after a pause', async () => {
    const { manager, asked } = open();
    await settle();
    manager.tokenize('h');
    manager.tokenize('hello');
    await settle();
    expect(manager.tokens.value?.tokens[0]?.text).toBe('hello');
    expect(asked.filter(({ method }) => method === 'models/tokenize')).toHaveLength(1);
  });
});
