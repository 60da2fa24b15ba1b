import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allValues, faultOf } from '../../engine/data/test-support.ts';
import { openTable } from '../../engine/data/table.ts';
import { TestArea } from './test-support.ts';

let area: TestArea;
beforeEach(async () => {
  area = await TestArea.open();
});
afterEach(() => area.remove());

const CSV = 'text,label,source\none,a,x\ntwo,b,x\nthree,a,y\nfour,b,y\nfive,a,y\n';

/** Two versions of one data set. */
async function versions(second: string): Promise<[string, string]> {
  const mapping = { extra: ['source'] };
  const from = await area.import(await area.write('one.csv', CSV), mapping);
  const { datasets } = await area.ask('datasets/list', {});
  const into = { datasetId: datasets[0]!.id };
  return [from, await area.import(await area.write('two.csv', second), mapping, into)];
}

describe('two versions of a data set', () => {
  it('are compared by the texts of their rows', async () => {
    const [fromId, toId] = await versions(
      'text,label,source\none,b,x\nTWO,b,x\nthree,a,y\nother,b,y\nsix,c,y\n',
    );
    const found = await area.ask('datasets/compare-versions', { fromId, toId });
    expect(found.counts).toEqual({ added: 1, removed: 1, relabelled: 1, 'text-changed': 2, moved: 0 });
    expect(found.unchanged).toBe(1);
    expect(found.classes).toEqual([
      { name: 'a', from: 3, to: 1 },
      { name: 'b', from: 2, to: 3 },
      { name: 'c', from: 0, to: 1 },
    ]);
    expect(found.rows.map(({ change, from, to }) => [change, from?.text, to?.text])).toEqual([
      ['added', undefined, 'six'],
      ['removed', 'five', undefined],
      ['relabelled', 'one', 'one'],
      ['text-changed', 'two', 'TWO'],
      ['text-changed', 'four', 'other'],
    ]);
    const same = await area.ask('datasets/compare-versions', { fromId, toId: fromId });
    expect([same.unchanged, same.rows]).toEqual([5, []]);
  });

  it('have rows of one text paired by their labels first, then in their order', async () => {
    const [toId, fromId] = await versions(
      'text,label,source\none,b,x\none,c,x\ntwo,a,x\ntwo,b,x\nthree,a,y\nfour,b,y\n',
    );
    const found = await area.ask('datasets/compare-versions', { fromId, toId });
    const rows = found.rows.map(({ change, from, to }) => [change, from?.row, to?.row]);
    expect(rows).toEqual([
      ['added', undefined, 5],
      ['removed', 2, undefined],
      ['removed', 3, undefined],
      ['relabelled', 1, 1],
    ]);
    expect(found.unchanged).toBe(3);
  });

  it.each(['csv', 'jsonl', 'parquet'] as const)(
    'are written to a .%s file that reads as they are',
    async (format) => {
      const [versionId] = await versions(CSV);
      const path = join(area.dir, `out.${format}`);
      const { jobId } = await area.ask('datasets/export-version', { versionId, path, format });
      expect(await area.result(jobId)).toBe(path);
      expect((await allValues(await openTable(path))).slice(0, 2)).toEqual([
        { text: 'one', label: 'a', source: 'x' },
        { text: 'two', label: 'b', source: 'x' },
      ]);
      const again = area.ask('datasets/export-version', { versionId, path, format });
      expect(await faultOf(again)).toMatchObject({ code: 'datasets/export-exists' });
      const other = area.ask('datasets/export-version', { versionId, path: `${path}.txt`, format });
      expect(await faultOf(other)).toMatchObject({ code: 'datasets/export-type' });
    },
  );

  it('do not replace a file without being told to', async () => {
    const [versionId] = await versions(CSV);
    const path = join(area.dir, 'mine.csv');
    await writeFile(path, 'mine');
    await faultOf(area.ask('datasets/export-version', { versionId, path, format: 'csv' }));
    expect(await readFile(path, 'utf8')).toBe('mine');
    const { jobId } = await area.ask('datasets/export-version', {
      versionId,
      path,
      format: 'csv',
      overwrite: true,
    });
    await area.result(jobId);
    expect((await readFile(path, 'utf8')).split('\n')[0]).toBe('text,label,source');
  });

  it('are removed and brought back one by one, but not the last; their numbers are not given again', async () => {
    const [first, second] = await versions('text,label,source\none,b,x\nsix,c,y\n');
    const { datasets } = await area.ask('datasets/list', {});
    const id = datasets[0]!.id;
    const numbers = async () =>
      (await area.ask('datasets/read', { id })).versions.map(({ number }) => number);
    await area.ask('datasets/remove-version', { versionId: second });
    expect(await numbers()).toEqual([1]);
    expect((await area.ask('datasets/list', {})).datasets[0]!.latest.id).toBe(first);
    expect(await faultOf(area.ask('datasets/remove-version', { versionId: first }))).toMatchObject({
      code: 'datasets/last-version',
    });
    expect(existsSync(area.context.workspace.datasets)).toBe(true);
    await area.ask('datasets/restore-version', { versionId: second });
    expect(await numbers()).toEqual([2, 1]);
    await area.ask('datasets/remove-version', { versionId: second });
    await area.import(
      await area.write('three.csv', 'text,label,source\na,b,x\nc,d,y\n'),
      { extra: ['source'] },
      { datasetId: id },
    );
    expect(await numbers()).toEqual([3, 1]);
  });
});
