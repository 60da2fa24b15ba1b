import { writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { openParquet } from './parquet.ts';
import { openTable } from './table.ts';
import { allRows, allValues, faultOf, TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

const texts = Array.from({ length: 250 }, (_, i) => `text ${i} é`);
const whole = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: 'text', data: texts, type: 'STRING' },
      { name: 'label', data: texts.map((_, i) => BigInt(i % 5)), type: 'INT64' },
    ],
    rowGroupSize: 100,
  }),
);

describe('a .parquet file', () => {
  it('gives rows over all row groups, 64-bit integers as numbers', async () => {
    const table = await folder.open('a.parquet', whole);
    expect(table).toMatchObject({ format: 'parquet', columns: ['text', 'label'], notes: [] });
    const rows = await allRows(table);
    expect(rows).toHaveLength(250);
    expect(rows.map((row) => row.row)).toEqual(texts.map((_, i) => i + 1));
    expect(rows.map((row) => row.values)).toEqual(texts.map((text, i) => ({ text, label: i % 5 })));
  });

  it('reads lists and nulls', async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'input_ids', data: [[1, 2, 3], [4]], type: 'JSON' },
        { name: 'text', data: ['a', null], type: 'STRING' },
      ],
    });
    const table = await folder.open('lists.parquet', new Uint8Array(bytes));
    expect(await allValues(table)).toEqual([
      { input_ids: [1, 2, 3], text: 'a' },
      { input_ids: [4], text: null },
    ]);
  });

  it('refuses what is not Parquet, and a file that is cut', async () => {
    expect(await faultOf(folder.open('no.parquet', 'hello, world'))).toMatchObject({ code: 'data/parquet' });
    expect(await faultOf(folder.open('empty.parquet', ''))).toMatchObject({ code: 'data/empty' });
    const cut = whole.subarray(0, whole.length - 100);
    expect((await faultOf(folder.open('cut.parquet', cut))).message).toContain('cut.parquet');
  });

  it('gives up a file whose decoding does not end', async () => {
    const file = await folder.write('slow.parquet', whole);
    expect(await faultOf(openParquet(file, 1))).toMatchObject({
      code: 'data/parquet',
      message: 'slow.parquet cannot be read as Parquet: a part of it is not decoded after 0.001 s.',
    });
  });

  it('can be left in the middle', async () => {
    for await (const { row } of (await folder.open('left.parquet', whole)).rows()) if (row === 120) break;
  });

  it('notices when the file shrinks while it is read', async () => {
    const table = await openTable(await folder.write('shrinks.parquet', whole));
    await writeFile(table.file, whole.subarray(0, 50));
    expect(await faultOf(allRows(table))).toMatchObject({ code: 'files/vanished' });
  });
});
