import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openTable, type TableOptions } from './table.ts';
import { allRows, allValues, faultOf, TestFolder } from './test-support.ts';
import { workbook, zipOf } from './xlsx-test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());
const values = async (name: string, content: string | Uint8Array, options: TableOptions = {}) =>
  allValues(await folder.open(name, content, options));

describe('fastText files', () => {
  it('have a label and a text a line, parted by a space or a tab', async () => {
    const table = await folder.open(
      'sst.txt',
      '__label__4\tGood , really .\n\n__label__very-bad Awful .\r\n',
    );
    expect([table.format, table.columns]).toEqual(['fasttext', ['label', 'text']]);
    expect(await allRows(table)).toEqual([
      { row: 1, line: 1, values: { label: '4', text: 'Good , really .' } },
      { row: 2, line: 3, values: { label: 'very-bad', text: 'Awful .' } },
    ]);
  });

  it('give several labels of a line as a list', async () => {
    const rows = await values('tags.txt', '__label__a __label__b two of them\n__label__c, one\n');
    expect(rows).toEqual([
      { label: ['a', 'b'], text: 'two of them' },
      { label: 'c', text: 'one' },
    ]);
  });

  it('name the line without a label; other texts stay texts', async () => {
    const broken = folder.open('broken.txt', `${'__label__a x\n'.repeat(60)}no label here\n`);
    expect(await faultOf(broken.then(allRows))).toMatchObject({
      code: 'data/fasttext',
      message: 'Row 61 (line 61) of broken.txt does not begin with __label__, as the lines before it do.',
    });
    expect((await folder.open('plain.txt', 'a __label__b\n')).format).toBe('txt');
  });
});

describe('.json files', () => {
  const rows = [
    { text: 'a, "b" ] } \\', label: 1 },
    { text: 'c\nd', label: ['x'] },
  ];

  it('hold a list of rows, or an object with one', async () => {
    for (const [i, content] of [
      JSON.stringify(rows),
      JSON.stringify(rows, null, 2),
      JSON.stringify({ version: '[1]', splits: [1, 2], empty: [], data: rows, more: [{ x: 1 }] }),
      `\ufeff${JSON.stringify({ rows }, null, 1)}`,
      rows.map((row) => JSON.stringify(row)).join('\n'),
    ].entries()) {
      expect(await values(`${i}.json`, content), content).toEqual(rows);
    }
  });

  it('are read across chunks, with the line of each row', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({
      text: `${'word '.repeat(20)}${i}`,
      label: i % 3,
    }));
    const table = await folder.open('many.json', JSON.stringify(many, null, 1));
    const all = await allRows(table);
    expect(all.map((row) => row.values)).toEqual(many);
    expect(all[4999]).toMatchObject({ row: 5000, line: 2 + 4999 * 4 });
  });

  it.each([
    ['{"text":"a"}', 'data/json-rows'],
    ['"text"', 'data/json-rows'],
    ['[]', 'data/empty'],
    ['[{"text":"a"}', 'data/json-line'],
    ['[{"text":"a"},\n{"text":}]', 'data/json-line'],
    ['[["a",1]]', 'data/json-line'],
  ])('name what is wrong: %s', async (content, code) => {
    expect(await faultOf(values('bad.json', content))).toMatchObject({ code });
  });
});

describe('.xlsx files', () => {
  const cells = [
    ['text', 'label', 'n'],
    ['It works & well', 'pos', 1.5],
    [' kept space', 'neg', ''],
    ['日本', '', true],
  ];

  it('are read as their first sheet, with the row of the sheet', async () => {
    const table = await folder.open('book.xlsx', workbook([cells, [['other']]]));
    expect([table.format, table.columns, table.notes]).toEqual([
      'xlsx',
      ['text', 'label', 'n'],
      ['Sheet "Sheet1" of book.xlsx is read, one of 2.'],
    ]);
    expect(await allRows(table)).toEqual([
      { row: 1, line: 2, values: { text: 'It works & well', label: 'pos', n: 1.5 } },
      { row: 2, line: 3, values: { text: ' kept space', label: 'neg', n: '' } },
      { row: 3, line: 4, values: { text: '日本', label: '', n: true } },
    ]);
  });

  it('may have a title above the table, or no header', async () => {
    const titled = await folder.open('titled.xlsx', workbook([[['Export of May'], ...cells]]), {
      header: 'detect',
    });
    expect((await allRows(titled))[0]).toMatchObject({ row: 1, line: 3 });
    const bare = await folder.open(
      'bare.xlsx',
      workbook([
        [
          ['It was fine.', 3],
          ['It was bad.', 1],
        ],
      ]),
      { header: 'detect' },
    );
    expect([bare.header, bare.columns, (await allRows(bare)).length]).toEqual([
      false,
      ['column_1', 'column_2'],
      2,
    ]);
  });

  it('are refused where they are damaged, unpack to too much, or reach beyond the sheet', async () => {
    const open = (name: string, bytes: Uint8Array) => faultOf(values(name, bytes));
    expect(await open('noise.xlsx', Buffer.from('not a zip'))).toMatchObject({ code: 'data/xlsx' });
    expect(await open('other.xlsx', zipOf({ 'a.txt': 'x' }))).toMatchObject({ code: 'data/xlsx' });
    const bomb = workbook([cells], { claims: { 'xl/worksheets/sheet1.xml': 2 ** 31 } });
    expect((await open('bomb.xlsx', bomb)).message).toContain('unpacks to 2048 MB');
    const wide = workbook([cells], { replace: ['r="A2"', 'r="ZZZ2"'] });
    expect((await open('wide.xlsx', wide)).message).toContain('beyond the last one');
    const cut = workbook([cells], { replace: ['</sheetData>', ''] });
    expect(await open('cut.xlsx', cut)).toMatchObject({ code: 'data/xlsx' });
  });
});

describe('folders', () => {
  const write = async (name: string, content: string) => {
    const file = await folder.path(name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  };

  it('with a folder a class are a row a text file, in the order of their numbers', async () => {
    await write('reviews/pos/10.txt', 'ten\n');
    await write('reviews/pos/9.txt', 'nine');
    await write('reviews/neg/1.txt', '');
    await write('reviews/README.md', 'not a row');
    const table = await openTable(await folder.path('reviews'));
    expect([table.format, table.count]).toEqual(['folder', 3]);
    expect(await allValues(table)).toEqual([
      { text: '', label: 'neg', file: '1.txt' },
      { text: 'nine', label: 'pos', file: '9.txt' },
      { text: 'ten', label: 'pos', file: '10.txt' },
    ]);
  });

  it('with such folders a split name the split', async () => {
    await write('imdb/test/neg/1.txt', 'bad');
    await write('imdb/train/pos/1.txt', 'good');
    expect(await allValues(await openTable(await folder.path('imdb')))).toEqual([
      { text: 'bad', label: 'neg', file: '1.txt', split: 'test' },
      { text: 'good', label: 'pos', file: '1.txt', split: 'train' },
    ]);
    await write('none/a.txt', 'x');
    expect(await faultOf(openTable(await folder.path('none')))).toMatchObject({ code: 'data/folder' });
  });
});

describe('a title above a table', () => {
  const table = 'id,text,label\n1,a b,x\n2,c d,y\n3,e f,x\n';

  it.each([
    ['Export of May\n\nSource: shop\n', 2, 5],
    ['Export of May,,\n', 1, 3],
  ])('is left out, said, and counted in lines: %j', async (title, above, line) => {
    const found = await folder.open('titled.csv', title + table);
    expect(found.columns).toEqual(['id', 'text', 'label']);
    expect(found.notes[0]).toContain(`${above === 1 ? 'line' : `${above} lines`} of titled.csv`);
    expect((await allRows(found))[0]).toMatchObject({ row: 1, line });
  });

  it('does not hide the separator', async () => {
    const found = await folder.open('titled.csv', `Export\n${table.replaceAll(',', ';')}`);
    expect([found.delimiter, found.columns.length]).toEqual([';', 3]);
  });

  it('is no header of one column, and no header that lacks a field', async () => {
    expect((await folder.open('one.csv', 'text\nhello, you\nbye, you\n')).columns).toEqual(['text']);
    const lacking = await folder.open('lacking.csv', 'id,text\n1,a,x\n2,b,y\n3,c,z\n');
    expect(lacking.columns).toEqual(['id', 'text']);
    expect(await faultOf(allRows(lacking))).toMatchObject({ code: 'data/row-fields' });
  });
});
