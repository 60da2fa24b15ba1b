import { describe, expect, it } from 'vitest';
import type { ColumnRole, Preview } from '../../../shared/contract/datasets.ts';
import { readLabelColumn } from '../../../shared/label-column.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { ImportManager } from './import-manager.svelte.ts';

const column = (name: string, role: ColumnRole) => ({
  name,
  role,
  distinct: 5,
  empty: 0,
  meanLength: 1,
  values: [],
  reading: { observations: [], proposed: {} },
});
const stars = ['1', '2', '5', '5.0'].map((value) => ({ value, rows: 10 }));

const preview: Preview = {
  name: 'reviews',
  format: 'csv',
  encoding: 'utf-8',
  delimiter: ',',
  header: true,
  bytes: 1000,
  rows: 3,
  rowsExact: true,
  columns: [
    { ...column('stars', 'label'), values: stars, reading: readLabelColumn(stars, 'stars') },
    column('title', 'extra'),
    column('text', 'text'),
  ],
  sample: [['5', 'Good', 'It works.']],
  sampleRows: [1],
  warnings: [],
  ragged: { rows: 0, first: [] },
};

const open = (change: Parameters<typeof fakeBackend>[0] = {}) => {
  const backend = fakeBackend({
    'datasets/preview': () => preview,
    'datasets/import': () => ({ jobId: 'job' }),
    ...change,
  });
  return { ...backend, manager: new ImportManager(backend.rpc) };
};

describe('an import', () => {
  it('gives up the look at files that nobody waits for any more: at another choice, and when it is left', () => {
    const { manager, asked } = open({
      'datasets/preview': () => new Promise<never>(() => undefined),
      'datasets/cancel-preview': () => ({}),
    });
    void manager.addFiles(['/home/me/a.csv']);
    void manager.addFiles(['/home/me/b.csv']);
    manager.startOver();
    manager.startOver();
    const ticketsOf = (method: string) =>
      asked.flatMap((one) => (one.method === method ? [(one.input as { ticket: string }).ticket] : []));
    expect(ticketsOf('datasets/cancel-preview')).toEqual(ticketsOf('datasets/preview'));
    expect(new Set(ticketsOf('datasets/preview')).size).toBe(2);
    expect(manager.reading).toBe(false);
  });

  it('takes the name and the roles that were found', async () => {
    const { manager } = open();
    await manager.addFiles(['/home/me/reviews.csv']);
    expect(manager.name).toBe('reviews');
    expect(manager.roles).toEqual(['label', 'extra', 'text']);
    expect(manager.check.problem).toBeNull();
  });

  it('names the split of each of several files after the file', async () => {
    const { manager, asked } = open();
    await manager.addFiles([
      'C:\\data\\reviews-train.csv',
      'C:\\data\\reviews-test.csv',
      'C:\\data\\more.csv',
    ]);
    expect(manager.files.map(({ name, split }) => [name, split])).toEqual([
      ['reviews-train.csv', 'train'],
      ['reviews-test.csv', 'test'],
      ['more.csv', 'more'],
    ]);
    expect(asked).toHaveLength(1);
  });

  it('keeps the roles that a person chose when the files are read another way', async () => {
    const { manager, asked } = open();
    await manager.addFiles(['/reviews.csv']);
    manager.setRole(1, 'text');
    expect(manager.roles).toEqual(['label', 'text', 'extra']);
    await manager.readAs({ delimiter: ';' });
    expect(manager.roles).toEqual(['label', 'text', 'extra']);
    expect(asked.at(-1)?.input).toMatchObject({
      source: { kind: 'files', files: [{ path: '/reviews.csv', split: null }], delimiter: ';' },
    });
  });

  it('starts with the mapping, and only once there is one', async () => {
    const { manager, asked } = open();
    await expect(manager.start()).rejects.toThrow();
    await manager.addFiles(['/reviews.csv']);
    manager.setRole(0, 'ignore');
    expect(manager.check.problem).toContain('No column is the label');
    manager.setRole(0, 'label');
    manager.name = ' ';
    expect(manager.check.problem).toBe('The data set has no name.');
    manager.name = 'My reviews';
    expect(await manager.start()).toBe('job');
    expect(asked.at(-1)?.input).toMatchObject({
      name: 'My reviews',
      mapping: { text: 'text', label: 'stars', extra: ['title'] },
    });
  });

  it('takes labels as they are until a person accepts what is proposed, or says otherwise', async () => {
    const { manager, asked } = open();
    await manager.addFiles(['/reviews.csv']);
    expect(manager.labels).toMatchObject({ name: 'stars', proposed: { '5.0': '5' } });
    expect(manager.labels!.observations.map(({ code }) => code)).toEqual(['written-numbers']);
    expect(manager.check.mapping?.labelMap).toEqual({});
    manager.useProposed(true);
    expect(manager.labels!.observations).toEqual([]);
    manager.mapLabel('1', 'negative');
    manager.mapLabel('2', 'negative');
    expect(manager.labels!.classes).toEqual([
      { value: 'negative', rows: 20 },
      { value: '5', rows: 20 },
    ]);
    manager.mapLabel('5', null);
    manager.mapLabel('2', '2');
    manager.raggedRows = 'leave-out';
    await manager.start();
    expect(asked.at(-1)?.input).toMatchObject({
      mapping: { labelMap: { '5.0': '5', '1': 'negative', '5': null } },
      raggedRows: 'leave-out',
    });
    manager.setRole(1, 'label');
    expect(manager.labelMap).toEqual({});
  });

  it('shows why files cannot be read, and forgets it with the files', async () => {
    const { manager } = open({
      'datasets/preview': () => {
        throw new Error('Row 731 has 5 fields, the header has 4.');
      },
    });
    await manager.addFiles(['/broken.csv']);
    expect(manager.fault?.message).toContain('Row 731');
    expect(manager.preview).toBeNull();
    await manager.removeFile('/broken.csv');
    expect(manager.fault).toBeNull();
    expect(manager.started).toBe(false);
  });

  it('drops the look at files that were replaced meanwhile', async () => {
    const slow = Promise.withResolvers<Preview>();
    const { manager } = open({
      'datasets/preview': ({ source }) =>
        source.kind === 'files' && source.files.length === 1 ? slow.promise : { ...preview, name: 'both' },
    });
    const first = manager.addFiles(['/a.csv']);
    await manager.addFiles(['/b.csv']);
    slow.resolve(preview);
    await first;
    expect(manager.preview?.name).toBe('both');
  });

  it('of a hub data set chooses the first config with all splits', async () => {
    const split = (name: string) => ({ name, bytes: 10, files: 1, rows: 100 });
    const { manager, asked } = open({
      'datasets/hub-info': ({ hubId }) => ({
        hubId,
        licence: 'mit',
        gated: false,
        configs: [
          { name: 'plain', splits: [split('train'), split('test')] },
          { name: 'other', splits: [split('all')] },
        ],
      }),
    });
    await manager.openHub(' stanfordnlp/imdb ');
    expect(asked.at(-1)?.input).toMatchObject({
      source: { kind: 'hub', hubId: 'stanfordnlp/imdb', config: 'plain', splits: ['train', 'test'] },
    });
    await manager.chooseConfig('other');
    expect(manager.splits).toEqual(['all']);
    await manager.chooseSplits([]);
    expect(manager.check.problem).toBe('Nothing is chosen yet.');
  });
});
