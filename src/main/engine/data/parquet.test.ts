import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { afterAll, describe, expect, it } from 'vitest';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { checkGroup } from './parquet-budget.ts';
import { openParquet } from './parquet.ts';
import { openTable } from './table.ts';
import { allRows, allValues, faultOf, TestFolder } from './test-support.ts';

/** Written by pyarrow 26. */
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name);
const folder = new TestFolder();
afterAll(() => folder.remove());

const texts = Array.from({ length: 250 }, (_, i) => `text ${i} é`);
const bytes = new Uint8Array(
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
    const table = await folder.open('a.parquet', bytes);
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
    const cut = bytes.subarray(0, bytes.length - 100);
    expect((await faultOf(folder.open('cut.parquet', cut))).message).toContain('cut.parquet');
  });

  it('gives up a file whose decoding does not end', async () => {
    const file = await folder.write('slow.parquet', bytes);
    expect(await faultOf(openParquet(file, 1))).toMatchObject({
      code: 'data/parquet',
      message: 'slow.parquet cannot be read as Parquet: a part of it is not decoded after 0.001 s.',
    });
  });

  it('reads 64-bit integers inside structs, maps and lists, beyond 2^53 as text', async () => {
    const rows = await allValues(await openTable(fixture('nested.parquet')));
    expect(rows[0]).toEqual({
      text: 'a',
      meta: { id: 9007199254740991, n: 5, tags: [1, 2] },
      map: { k: 1 },
      list: [{ v: 7 }],
    });
    expect(rows[1]).toMatchObject({
      meta: { id: '1152921504606846976', n: null, tags: [] },
      map: { x: '4611686018427387904' },
    });
    expect(JSON.parse(JSON.stringify(rows))).toHaveLength(3);
  });

  it('is refused before it unpacks to far more than its size', async () => {
    // 6 kB that unpack to 190 MB of zeros.
    expect(await faultOf(allRows(await openTable(fixture('zeros.parquet'))))).toMatchObject({
      code: 'data/parquet-memory',
      message:
        'zeros.parquet unpacks to far more than its size: a row group (1 row) takes over 513 MB to unpack.',
    });
    // 462 bytes: 100,000 rows that share one text of a megabyte.
    const shared = await openTable(fixture('dictionary.parquet'));
    let read = 0;
    const reading = (async () => {
      for await (const { row } of shared.rows()) read = row;
    })();
    expect((await faultOf(reading)).message).toContain('its texts are over 256 MB long by row 269.');
    expect(read).toBeGreaterThan(200);
  });

  it('may hold nulls as far as their rows fit into memory', async () => {
    const bytes = parquetWriteBuffer({
      columnData: [{ name: 'text', data: new Array<null>(100_000).fill(null), type: 'STRING' }],
      rowGroupSize: 100_000,
    });
    const group = parquetMetadata(bytes).row_groups[0]!;
    const file = {
      byteLength: bytes.byteLength,
      slice: (from: number, to?: number) => bytes.slice(from, to),
    };
    expect(await checkGroup(file, group, 10)).toBeCloseTo(5.7, 1);
    await expect(checkGroup(file, group, 5)).rejects.toThrow(
      'a row group (100,000 rows) takes over 5 MB to unpack',
    );
    await expect(checkGroup(file, { ...group, num_rows: 100_001n }, 10)).rejects.toThrow(
      'a row group says it has 100001 rows, its column "text" has 100000 values',
    );
  });

  it('has columns of different names', async () => {
    const column = () => ({ name: 'text', data: ['a'], type: 'STRING' as const });
    const bytes = parquetWriteBuffer({ columnData: [column(), column()] });
    expect(await faultOf(folder.open('twice.parquet', new Uint8Array(bytes)))).toMatchObject({
      code: 'data/duplicate-column',
    });
  });

  it('can be left in the middle', async () => {
    for await (const { row } of (await folder.open('left.parquet', bytes)).rows()) if (row === 120) break;
  });

  it('notices when the file shrinks while it is read', async () => {
    const table = await openTable(await folder.write('shrinks.parquet', bytes));
    await writeFile(table.file, bytes.subarray(0, 50));
    expect(await faultOf(allRows(table))).toMatchObject({ code: 'files/vanished' });
  });
});
