import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Db } from './database.ts';
import { PointStore } from './experiment-points.ts';
import { ExperimentStore, type NewExperiment } from './experiments.ts';

let dir: string;
let db: Db;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'graft-store-'));
  db = openDatabase(path.join(dir, 'graft.db'));
});
afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true, force: true });
});

const named = (id: string, change: Partial<NewExperiment> = {}): NewExperiment => ({
  id,
  name: id,
  state: 'queued',
  modelId: null,
  modelName: 'model',
  versionId: null,
  dataName: 'data',
  method: 'LORA',
  seed: 42,
  precision: 'fp32',
  spec: null,
  config: { model: 'model' },
  folder: `/runs/${id}`,
  details: { baseDir: '/runs' },
  tags: [],
  ...change,
});

describe('ExperimentStore', () => {
  it('keeps the places of the queue without gaps, whoever leaves it', () => {
    const store = new ExperimentStore(db);
    for (const id of ['a', 'b', 'c', 'd']) store.insert(named(id));
    store.update('b', { state: 'paused', queue_place: null });
    store.update('c', { removed_at: 1 });
    expect(store.queue()).toEqual(['a', 'd']);
    expect(['a', 'b', 'd'].map((id) => store.line(id).queuePlace)).toEqual([1, null, 2]);
    store.reorder(['d', 'a']);
    expect(store.queue()).toEqual(['d', 'a']);
  });

  it('merges facts and details into what is there, and gives null for what is not known', () => {
    const store = new ExperimentStore(db);
    store.insert(named('a', { tags: ['x', 'y'] }));
    store.update('a', { facts: { device: 'CPU', peakMemoryMb: 12 } });
    store.update('a', { facts: { peakMemoryMb: 14, device: null }, metrics: { accuracy: 0.5 } });
    expect(store.line('a')).toMatchObject({
      device: null,
      peakMemoryMb: 14,
      tokensPerSecond: null,
      metrics: { accuracy: 0.5 },
      tags: ['x', 'y'],
    });
    expect(store.record('a').details).toMatchObject({ baseDir: '/runs', runner: 'app', finishing: false });
  });

  it('forgets all that it knows of a folder which another run replaces', () => {
    const store = new ExperimentStore(db);
    store.insert(named('a'));
    new PointStore(db).addLines('a', [{ at: 1, level: 'info', message: 'hello' }]);
    store.forget('/runs/a');
    expect(() => store.record('a')).toThrow('There is no experiment a.');
    expect(db.prepare('SELECT count(*) FROM log_lines').pluck().get()).toBe(0);
  });
});

describe('PointStore', () => {
  it('gives curves of any length whole and in order, and the part after a step', async () => {
    new ExperimentStore(db).insert(named('a'));
    const points = new PointStore(db);
    const all = Array.from({ length: 12_345 }, (_, i) => ({
      step: i + 1,
      epoch: i / 100,
      loss: 1 / (i + 1),
      learning_rate: 1e-3,
      grad_norm: 2,
      tokens_per_second: 1000,
    }));
    db.transaction(() => points.addSteps('a', all.toReversed()))();
    const curve = await points.curve('a', -1);
    expect(curve.step).toEqual(all.map(({ step }) => step));
    expect(curve.loss).toEqual(all.map(({ loss }) => loss));
    expect((await points.curve('a', 12_340)).step).toEqual([12_341, 12_342, 12_343, 12_344, 12_345]);
    expect(points.lastStep('a')).toBe(12_345);
    points.dropAfter('a', 100);
    expect((await points.curve('a', -1)).step).toHaveLength(100);
  });

  it('keeps log lines in the order in which they came, in pages', () => {
    new ExperimentStore(db).insert(named('a'));
    const points = new PointStore(db);
    for (const message of ['one', 'two', 'three']) points.addLines('a', [{ at: 1, level: 'info', message }]);
    const { total, items } = points.log('a', 1, 1);
    expect({ total, messages: items.map(({ message }) => message) }).toEqual({ total: 3, messages: ['two'] });
  });
});
