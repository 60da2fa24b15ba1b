import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from './database.ts';
import { ModelStore, type StoredModel } from './models.ts';

const model = (change: Partial<StoredModel> = {}): StoredModel => ({
  id: 'one',
  name: 'tiny',
  source: 'hub',
  hubId: 'org/tiny',
  revision: 'a'.repeat(40),
  folder: '/models/tiny',
  facts: {
    architecture: 'bert',
    unsupported: null,
    parameters: 41_000,
    layers: 2,
    hiddenSize: 32,
    maxLength: 64,
    otherHead: null,
    headLabels: ['ham', 'spam'],
    licence: null,
    weights: [{ name: 'model.safetensors', bytes: 164_004, modifiedMs: 1.5 }],
    changedTo: null,
  },
  sha256: null,
  bytes: 170_000,
  addedAt: 1,
  ...change,
});

function open() {
  const db = openDatabase(':memory:');
  onTestFinished(() => void db.close());
  return { db, store: new ModelStore(db) };
}

describe('the models of a workspace', () => {
  it('come back as they were stored, newest first', () => {
    const { store } = open();
    store.insert(model());
    store.insert(model({ id: 'two', addedAt: 2 }));
    expect(store.list().map(({ id }) => id)).toEqual(['two', 'one']);
    expect(store.read('one')).toEqual({ ...model(), experiments: 0 });
    expect(store.read('none')).toBeNull();
  });

  it('that were removed stay readable and are found by their folder', () => {
    const { store } = open();
    store.insert(model());
    store.setRemoved('one', 5);
    expect(store.list()).toEqual([]);
    expect(store.isRemoved('one')).toBe(true);
    expect(store.inFolder('/models/tiny').map(({ id }) => id)).toEqual(['one']);
    store.setRemoved('one', null);
    expect(store.list().length).toBe(1);
  });

  it('keep new facts and the hash', () => {
    const { store } = open();
    store.insert(model());
    const facts = { ...model().facts, changedTo: model().facts.weights };
    store.setFacts('one', facts, 'b'.repeat(64));
    expect(store.read('one')).toMatchObject({ facts, sha256: 'b'.repeat(64) });
  });

  it('count the experiments that used them, and know those that need them now', () => {
    const { db, store } = open();
    store.insert(model());
    const insert = db.prepare(
      `INSERT INTO experiments (id, name, state, model_id, model_name, data_name, method, seed, precision, config, folder, created_at, removed_at)
       VALUES (?, ?, ?, 'one', 'tiny', 'd', 'LORA', 42, 'fp32', '{}', 'f', 0, ?)`,
    );
    insert.run('a', 'done', 'finished', null);
    insert.run('b', 'waits', 'queued', null);
    insert.run('c', 'gone', 'queued', 7);
    expect(store.read('one')?.experiments).toBe(2);
    expect(store.usedNowBy('one')).toEqual(['waits']);
  });
});
