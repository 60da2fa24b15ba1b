import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dataset, DatasetReport, DatasetVersion } from '../../../shared/contract/datasets.ts';
import { fakeBackend, sampleModel } from '../../fake-backend.ts';
import { DatasetListManager, DatasetManager, ReportManager } from './dataset-managers.svelte.ts';

const version = (number: number, splits: string[] = []): DatasetVersion => ({
  id: `v${number}`,
  datasetId: 'd',
  number,
  sha256: '0'.repeat(64),
  present: true,
  rows: 10,
  bytes: 1,
  labels: [],
  splits: splits.map((name) => ({ name, rows: 5 })),
  columns: ['text', 'label'],
  change: 'imported',
  parentId: null,
  unsaved: 0,
  createdAt: 0,
  experiments: 0,
  reading: null,
});
const report = (rows: number, lengths: DatasetReport['lengths'] = null): DatasetReport => ({
  versionId: 'v1',
  rows,
  distinctTexts: rows,
  labels: [],
  splits: [],
  lengths,
  findings: [],
});

describe('the list of data sets', () => {
  const one = (id: string, change: Partial<DatasetVersion>): Dataset => ({
    id,
    name: id,
    createdAt: 0,
    source: `${id}.csv`,
    latest: { ...version(1), ...change },
    versions: 1,
  });
  const open = async () => {
    let all = [
      one('Yelp', { rows: 650_000, experiments: 2, createdAt: 1 }),
      one('sms', { rows: 5574, createdAt: 3 }),
      one('lost', { rows: 9, present: false, createdAt: 2 }),
    ];
    const removed: Dataset[] = [];
    const backend = fakeBackend({
      'datasets/list': () => ({ datasets: all }),
      'datasets/remove': ({ id }) => {
        if (id === 'sms') throw new Error('An import is writing to it.');
        removed.push(...all.filter((dataset) => dataset.id === id));
        all = all.filter((dataset) => dataset.id !== id);
        return {};
      },
      'datasets/restore': () => {
        all = [...all, ...removed.splice(0)];
        return {};
      },
    });
    const manager = new DatasetListManager(backend.rpc);
    await manager.source.read();
    return manager;
  };
  const names = (manager: DatasetListManager) => manager.shown.map(({ name }) => name);

  it('is filtered and searched as asked', async () => {
    const manager = await open();
    expect(names(manager)).toEqual(['Yelp', 'sms', 'lost']);
    manager.filters.use = 'missing';
    expect(names(manager)).toEqual(['lost']);
    manager.filters.use = '';
    manager.filters.query = 'YELP.';
    expect(names(manager)).toEqual(['Yelp']);
    expect(manager.count('use', 'used')).toBe(1);
  });

  it('gives back what was removed, and shows what stayed when a removal is refused', async () => {
    const manager = await open();
    await manager.remove(['lost', 'sms', 'Yelp']);
    expect(manager.refused?.message).toBe('An import is writing to it.');
    expect(names(manager)).toEqual(['Yelp', 'sms']);
    await manager.restore(['lost']);
    expect(manager.items).toHaveLength(3);
  });
});

describe('a data set', () => {
  const open = () => {
    const latest = version(2, ['train', 'test']);
    const backend = fakeBackend({
      'datasets/read': () => ({
        dataset: { id: 'd', name: 'SMS', createdAt: 0, source: 'sms.tsv', latest, versions: 2 },
        versions: [version(1), latest],
      }),
      'experiments/read-draft': () => ({ spec: { name: 'mine', modelId: 'm' } }),
      'experiments/save-draft': () => ({}),
    });
    return { ...backend, manager: new DatasetManager(backend.rpc, 'd') };
  };

  it('shows the latest version until another is chosen', async () => {
    const { manager } = open();
    await manager.read();
    expect(manager.versions.map(({ number }) => number)).toEqual([2, 1]);
    expect(manager.version?.id).toBe('v2');
    manager.choose('v1');
    expect(manager.version?.id).toBe('v1');
    manager.choose(null);
    expect(manager.version?.id).toBe('v2');
  });

  it('goes into the draft of the next experiment beside what is there, its splits by their names', async () => {
    const { manager, asked } = open();
    await manager.read();
    await manager.useInDraft(manager.version!);
    expect(asked.at(-1)?.input).toMatchObject({
      spec: {
        name: 'mine',
        modelId: 'm',
        versionId: 'v2',
        data: { trainSplit: 'train', evalSplit: 'test' },
      },
    });
  });
});

describe('a report', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const open = (rows: number, waiting: Promise<void> = Promise.resolve()) => {
    const lengths = (modelId: string, maxLength: number | null) => ({
      modelId,
      modelName: modelId,
      maxLength: maxLength ?? 512,
      binWidth: 8,
      bins: [1],
      median: 1,
      p95: 1,
      longest: 1,
      cutRows: 0,
      cutShare: 0,
    });
    const backend = fakeBackend({
      'datasets/report': ({ modelId, maxLength }) =>
        waiting.then(() => report(rows, modelId ? lengths(modelId, maxLength ?? null) : null)),
      'datasets/lengths': ({ modelId, maxLength }) => lengths(modelId, maxLength ?? null),
      'models/list': () => ({ models: [sampleModel] }),
    });
    return { ...backend, manager: new ReportManager(backend.rpc, { id: 'v1', rows }) };
  };

  it('of few rows counts tokens unasked; of many, once a tokenizer is chosen', async () => {
    const few = open(10).manager;
    await few.open();
    expect(few.value?.lengths?.modelId).toBe('m');
    const many = open(650_000).manager;
    await many.open();
    expect(many.value?.lengths).toBeNull();
    expect(many.models).toHaveLength(1);
    await many.countWith('m');
    expect(many.value?.lengths?.modelId).toBe('m');
  });

  it('shows token lengths while the report itself is still being made', async () => {
    let made = () => {};
    const { manager } = open(10, new Promise((resolve) => (made = resolve)));
    const reading = manager.open();
    await vi.advanceTimersByTimeAsync(1);
    expect([manager.value, manager.lengths?.modelId]).toEqual([null, 'm']);
    made();
    await reading;
    expect(manager.value?.lengths?.modelId).toBe('m');
  });

  it('counts again with another length, once for a number typed digit by digit', async () => {
    const { manager, asked } = open(10);
    await manager.open();
    manager.cutAt(1);
    manager.cutAt(12);
    manager.cutAt(128);
    await vi.advanceTimersByTimeAsync(400);
    expect(manager.value?.lengths?.maxLength).toBe(128);
    expect(asked.filter(({ method }) => method === 'datasets/report')).toHaveLength(3);
  });
});
