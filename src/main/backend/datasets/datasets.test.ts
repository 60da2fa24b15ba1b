import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultOf } from '../../engine/data/test-support.ts';
import { openReadOnly } from '../../storage/database.ts';
import { versionRecord } from './library.ts';
import { importSample } from './sample.ts';
import { TestArea } from './test-support.ts';

let area: TestArea;
beforeEach(async () => {
  area = await TestArea.open();
});
afterEach(() => area.remove());

const reviews = 'text,label,shop\nGood mouse,5,a\n"Bad, bad mouse",1,b\nGood pad,5,a\nWorks,4,\n';
const versionFile = async (id: string) => {
  const { file } = versionRecord(area.context, id);
  await chmod(file, 0o644);
  return file;
};

describe('a data set', () => {
  it('keeps rows, labels in their order, and columns for slices', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews), { extra: ['shop'] });
    const { total, items } = await area.rows(id);
    expect(total).toBe(4);
    expect(items[1]).toEqual({
      row: 2,
      text: 'Bad, bad mouse',
      textPair: null,
      label: '1',
      split: null,
      tokens: null,
      extra: { shop: 'b' },
    });
    const { datasets } = await area.ask('datasets/list', {});
    expect(datasets).toMatchObject([
      {
        name: 'test',
        source: 'reviews.csv',
        versions: 1,
        latest: {
          id,
          number: 1,
          present: true,
          rows: 4,
          labels: [
            { name: '1', rows: 1 },
            { name: '4', rows: 1 },
            { name: '5', rows: 2 },
          ],
          splits: [],
          columns: ['text', 'label', 'shop'],
          change: 'Imported from reviews.csv',
          parentId: null,
        },
      },
    ]);
    expect(area.events).toContainEqual({ event: 'datasets/changed', data: { id: datasets[0]!.id } });
  });

  it('gives other areas its record and a connection that cannot write', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    const record = versionRecord(area.context, id);
    expect(record).toMatchObject({ name: 'test', number: 1, rows: 4, labels: ['1', '4', '5'], splits: [] });
    expect(record.file).toBe(join(area.context.workspace.datasets, `${record.sha256}.db`));
    const db = openReadOnly(versionRecord(area.context, id).file);
    expect(db.prepare('SELECT text FROM rows WHERE row = 3').pluck().get()).toBe('Good pad');
    expect(() => db.exec('DELETE FROM rows')).toThrow();
    db.close();
    expect(() => versionRecord(area.context, 'nothing')).toThrow('There is no data set version nothing.');
  });

  it('gives the same rows the same file, and one data set a second version', async () => {
    const file = await area.write('reviews.csv', reviews);
    const first = versionRecord(area.context, await area.import(file));
    const again = versionRecord(area.context, await area.import(file));
    expect(again.sha256).toBe(first.sha256);
    await area.write('reviews.csv', `${reviews}More,1,c\n`);
    const second = await area.import(file, {}, { datasetId: first.datasetId });
    const { versions } = await area.ask('datasets/read', { id: first.datasetId });
    expect(versions).toMatchObject([
      { id: second, number: 2, parentId: first.id, rows: 5 },
      { number: 1, rows: 4 },
    ]);
  });

  it('is renamed, removed and brought back', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    const { datasetId } = versionRecord(area.context, id);
    await area.ask('datasets/rename', { id: datasetId, name: 'Mice' });
    expect((await area.ask('datasets/list', {})).datasets[0]!.name).toBe('Mice');
    await area.ask('datasets/remove', { id: datasetId });
    expect((await area.ask('datasets/list', {})).datasets).toEqual([]);
    await area.ask('datasets/restore', { id: datasetId });
    expect((await area.ask('datasets/list', {})).datasets).toHaveLength(1);
    expect(await faultOf(area.ask('datasets/remove', { id: 'x' }))).toMatchObject({ code: 'store/unknown' });
  });

  it('whose file vanished is shown as missing, and says so wherever its rows are needed', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    await rm(await versionFile(id));
    expect((await area.ask('datasets/list', {})).datasets[0]!.latest.present).toBe(false);
    for (const asked of [
      area.rows(id),
      area.ask('datasets/report', { versionId: id }),
      area.ask('datasets/relabel', { versionId: id, changes: [{ row: 1, label: '1' }] }),
    ]) {
      const { code, message } = await faultOf(asked);
      expect(code).toBe('datasets/missing');
      expect(message).toContain('The rows of "test", version 1, are gone');
    }
    expect(() => versionRecord(area.context, id)).toThrow('are gone');
    await area.import(await area.write('again.csv', reviews));
    expect((await area.rows(id)).total).toBe(4);
  });

  it('whose file was changed from outside is noticed by its hash', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    const { datasetId } = versionRecord(area.context, id);
    const file = await versionFile(id);
    const bytes = await readFile(file);
    bytes[bytes.indexOf('Good pad')] = 'F'.charCodeAt(0);
    await writeFile(file, bytes);
    const before = area.events.length;
    expect((await area.ask('datasets/read', { id: datasetId })).dataset.latest.present).toBe(true);
    await expect
      .poll(() => area.events.slice(before), { timeout: 20_000 })
      .toContainEqual({
        event: 'datasets/changed',
        data: { id: datasetId },
      });
    expect((await area.ask('datasets/read', { id: datasetId })).dataset.latest.present).toBe(false);
    expect(await faultOf(area.rows(id))).toMatchObject({ code: 'datasets/changed' });
  });

  it('whose file is cut short or overwritten gives words, not an error of SQLite', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    const file = await versionFile(id);
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, 5000));
    expect(await faultOf(area.rows(id))).toMatchObject({ code: 'datasets/changed' });
    await writeFile(file, Buffer.alloc(bytes.length, 'x'));
    expect(await faultOf(area.rows(id))).toMatchObject({ code: 'datasets/file-damaged' });
  });

  it('gets corrected labels in a new version that says how many', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    const changes = [
      { row: 1, label: '1' },
      { row: 4, label: '5' },
      { row: 3, label: '5' },
    ];
    const { version } = await area.ask('datasets/relabel', { versionId: id, changes });
    expect(version).toMatchObject({ number: 2, parentId: id, change: '2 labels corrected', rows: 4 });
    expect((await area.rows(version.id)).items.map(({ label }) => label)).toEqual(['1', '1', '5', '5']);
    expect((await area.rows(version.id, { label: '5' })).total).toBe(2);
    expect((await area.rows(id)).items.map(({ label }) => label)).toEqual(['5', '1', '5', '4']);
    const relabel = (row: number, label: string) =>
      faultOf(area.ask('datasets/relabel', { versionId: id, changes: [{ row, label }] }));
    expect((await relabel(5, '1')).message).toBe('There is no row 5: the version has 4 rows.');
    expect(await relabel(1, 'bad')).toMatchObject({ code: 'datasets/unknown-label' });
    expect(await relabel(1, '5')).toMatchObject({ code: 'datasets/no-change' });
    expect(await readdir(area.context.workspace.temporary)).toEqual([]);
  });
});

describe('the sample', () => {
  it('is made once, with the rows that the demo trains on and evaluates', async () => {
    const id = await importSample(area.context);
    expect(await importSample(area.context)).toBe(id);
    const { labels, splits } = (await area.ask('datasets/list', {})).datasets[0]!.latest;
    expect(labels).toEqual([
      { name: 'ham', rows: 4827 },
      { name: 'spam', rows: 747 },
    ]);
    expect(splits).toEqual([
      { name: 'train', rows: 1000 },
      { name: 'eval', rows: 1000 },
      { name: 'rest', rows: 3574 },
    ]);
    const evaluated = await area.rows(id, { split: 'eval', label: 'ham' });
    expect(evaluated.total).toBe(836);
  });

  it('comes back where it was removed', async () => {
    const id = await importSample(area.context);
    const { datasetId, file } = versionRecord(area.context, id);
    await area.ask('datasets/remove', { id: datasetId });
    await chmod(file, 0o644);
    await rm(file);
    expect(await importSample(area.context)).toBe(id);
    expect((await area.ask('datasets/list', {})).datasets[0]!.latest).toMatchObject({ id, present: true });
  });
});

describe('the draft of corrected labels', () => {
  const draft = (versionId: string) => area.ask('datasets/draft', { versionId });

  it('is kept by row until it is discarded, outlasts a restart, and is told to every window', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    expect(await draft(id)).toEqual({ changes: [], savedAs: null });
    const first = [
      { row: 2, label: '5' },
      { row: 4, label: '1' },
    ];
    await area.ask('datasets/edit-draft', { versionId: id, changes: first });
    expect(area.events.at(-2)).toEqual({
      event: 'datasets/draft-changed',
      data: { versionId: id, changes: first, savedAs: null },
    });
    await area.ask('datasets/edit-draft', { versionId: id, changes: [{ row: 2, label: null }] });
    await area.close();
    const again = await TestArea.open(area.dir);
    area = again;
    expect((await draft(id)).changes).toEqual([{ row: 4, label: '1' }]);
    const { datasets } = await area.ask('datasets/list', {});
    expect(datasets[0]!.latest.unsaved).toBe(1);
  });

  it('is saved as a version, and unsaved again with the next correction', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    const changes = [{ row: 2, label: '5' }];
    await area.ask('datasets/edit-draft', { versionId: id, changes });
    const { version } = await area.ask('datasets/relabel', { versionId: id, changes });
    expect((await draft(id)).savedAs).toEqual({ id: version.id, number: 2 });
    const unsaved = async () => {
      const { versions } = await area.ask('datasets/read', { id: version.datasetId });
      return versions.map((one) => one.unsaved);
    };
    expect(await unsaved()).toEqual([0, 0]);
    await area.ask('datasets/edit-draft', { versionId: id, changes: [{ row: 4, label: '1' }] });
    expect((await draft(id)).savedAs).toBeNull();
    expect(await unsaved()).toEqual([0, 2]);
    // A version of fewer corrections than the draft has by now is not what it is saved as.
    await area.ask('datasets/relabel', { versionId: id, changes: [{ row: 4, label: '1' }] });
    expect((await draft(id)).savedAs).toBeNull();
  });

  it('refuses rows and classes that the version does not have, and takes none of them', async () => {
    const id = await area.import(await area.write('reviews.csv', reviews));
    const edit = (row: number, label: string) =>
      area.ask('datasets/edit-draft', {
        versionId: id,
        changes: [
          { row: 1, label: '1' },
          { row, label },
        ],
      });
    expect(await faultOf(edit(5, '1'))).toMatchObject({ code: 'datasets/unknown-row' });
    expect(await faultOf(edit(2, '9'))).toMatchObject({ code: 'datasets/unknown-label' });
    expect((await draft(id)).changes).toEqual([]);
  });
});
