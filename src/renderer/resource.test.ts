import { describe, expect, it } from 'vitest';
import { RefusedError } from '../shared/rpc-client.ts';
import { fakeBackend } from './fake-backend.ts';
import { Attempts, Pages, Resource, withChanged } from './resource.svelte.ts';

const settle = () => new Promise((resolve) => setTimeout(resolve));
const refusal = new RefusedError({ code: 'test/refused', message: 'No.', remedy: 'None.' });

/** Each read waits until the test answers it. */
function open() {
  const backend = fakeBackend({});
  const waiting: ((answer: { name: string } | Error) => void)[] = [];
  const resource = new Resource<{ name: string }>(
    backend.rpc,
    () =>
      new Promise((resolve, reject) =>
        waiting.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
      ),
    {
      'models/changed': true,
      'datasets/changed': ({ id }) => id === 'mine',
      'adapters/changed': ({ id }, value) => value && { name: `${value.name}, then ${id}` },
    },
  );
  const answer = async (value: { name: string } | Error) => {
    waiting.shift()?.(value);
    await settle();
  };
  return { ...backend, resource, waiting, answer };
}

describe('a resource', () => {
  it('holds what was read, and after a fault still what was read before', async () => {
    const { resource, answer } = open();
    expect(resource.value).toBeNull();
    void resource.read();
    expect(resource.reading).toBe(true);
    await answer({ name: 'a' });
    expect([resource.value, resource.reading]).toEqual([{ name: 'a' }, false]);
    void resource.read();
    await answer(refusal);
    expect(resource.value).toEqual({ name: 'a' });
    expect(resource.fault?.code).toBe('test/refused');
    void resource.read();
    await answer({ name: 'b' });
    expect(resource.fault).toBeNull();
  });

  it('that is asked for several times while it reads is read once more, not each time', async () => {
    const { resource, waiting, answer } = open();
    const all = Promise.all([resource.read(), resource.read(), resource.read()]);
    expect(waiting).toHaveLength(1);
    await answer({ name: 'old' });
    expect(waiting).toHaveLength(1);
    await answer({ name: 'new' });
    await all;
    expect([resource.value?.name, waiting.length]).toEqual(['new', 0]);
  });

  it('is replaced at once, and drops the answer and the fault of what was asked before', async () => {
    const { resource, waiting } = open();
    void resource.read();
    void resource.replace();
    void resource.replace();
    const [first, second, third] = waiting;
    third!({ name: 'newest' });
    await settle();
    first!({ name: 'stale' });
    second!(refusal);
    await settle();
    expect([resource.value?.name, resource.fault, resource.reading]).toEqual(['newest', null, false]);
  });

  it('follows the events that concern it, until nobody listens', async () => {
    const { resource, waiting, answer, emit } = open();
    const stop = resource.listen();
    await answer({ name: 'a' });
    emit('datasets/changed', { id: 'another' });
    expect(waiting).toHaveLength(0);
    for (const act of [
      () => emit('datasets/changed', { id: 'mine' }),
      () => emit('models/changed', { id: null }),
      () => emit('system/restarted', {}),
    ]) {
      act();
      expect(waiting).toHaveLength(1);
      await answer({ name: 'b' });
    }
    emit('adapters/changed', { id: 'x' });
    expect([resource.value?.name, waiting.length]).toEqual(['b, then x', 0]);
    stop();
    emit('models/changed', { id: null });
    expect(waiting).toHaveLength(0);
  });

  it('keeps a change that an event brought while an older answer was under way', async () => {
    const { resource, answer, emit } = open();
    resource.listen();
    emit('adapters/changed', { id: 'early' });
    await answer({ name: 'a' });
    expect(resource.value?.name).toBe('a, then early');
  });

  it('tells a defect to whoever asked, and reads again after it', async () => {
    const { resource, waiting, answer } = open();
    const read = resource.read();
    waiting.shift()!(new TypeError('a defect'));
    await expect(read).rejects.toThrow('a defect');
    void resource.read();
    await answer({ name: 'a' });
    expect([resource.value?.name, resource.reading]).toEqual(['a', false]);
  });
});

describe('what a person asks for', () => {
  it('says why it was refused, until something is done', async () => {
    const asked = new Attempts();
    const refused = asked.attempt(() => Promise.reject(refusal));
    expect(asked.busy).toBe(true);
    expect(await refused).toBeUndefined();
    expect([asked.busy, asked.refused?.code]).toEqual([false, 'test/refused']);
    expect(await asked.attempt(() => Promise.resolve(3))).toBe(3);
    expect(asked.refused).toBeNull();
  });
});

describe('a list in pages', () => {
  it('goes on where it ended, and starts over when it is read anew', async () => {
    const pages = new Pages(fakeBackend({}).rpc, (offset) =>
      Promise.resolve({ items: [offset, offset + 1].filter((at) => at < 3), total: 3 }),
    );
    await pages.read();
    expect([pages.value?.items, pages.hasMore]).toEqual([[0, 1], true]);
    await pages.more();
    expect([pages.value?.items, pages.hasMore]).toEqual([[0, 1, 2], false]);
    await pages.read();
    expect(pages.value?.items).toEqual([0, 1]);
  });
});

describe('a list in which an item changed', () => {
  it('has it in its old position, and a new one first, or last', () => {
    const all = [{ id: 'a' }, { id: 'b', name: 'old' }];
    expect(withChanged(all, { id: 'b', name: 'new' })).toEqual([{ id: 'a' }, { id: 'b', name: 'new' }]);
    expect(withChanged(all, { id: 'c' }).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
    expect(withChanged(all, { id: 'c' }, true).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });
});
