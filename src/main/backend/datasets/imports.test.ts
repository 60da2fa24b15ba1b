import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mappingSchema } from '../../../shared/contract/datasets.ts';
import { faultOf } from '../../engine/data/test-support.ts';
import { runTask } from '../../engine/threads/threads.ts';
import { datasetTasks } from './tasks.ts';
import { TestArea } from './test-support.ts';

let area: TestArea;
beforeEach(async () => {
  area = await TestArea.open();
});
afterEach(() => area.remove());

const stored = async () => ({
  datasets: (await area.ask('datasets/list', {})).datasets.length,
  files: await readdir(area.context.workspace.datasets),
  temporary: await readdir(area.context.workspace.temporary),
});
const nothing = { datasets: 0, files: [], temporary: [] };
const manyRows = (rows: number) =>
  ['text,label', ...Array.from({ length: rows }, (_, i) => `"row ${i} ${'word '.repeat(30)}",${i % 2}`)].join(
    '\n',
  );

describe('an import', () => {
  it('keeps every text as it is', async () => {
    const texts = [
      'مرحبا بالعالم',
      'שלום עולם',
      '👩‍👩‍👧‍👦 and 🇺🇦',
      '<script>alert(1)</script><img src=x onerror=alert(1)>',
      'two\nlines and a "quote"',
      'é'.repeat(50_000),
      '日本語の文章です',
      "Robert'); DROP TABLE rows;--",
    ];
    const lines = texts.map((text, i) => JSON.stringify({ text, label: `<b>${i % 2}</b>` }));
    const id = await area.import(await area.write('odd.jsonl', lines.join('\n')));
    const { items } = await area.rows(id);
    expect(items.map(({ text }) => text)).toEqual(texts);
    expect(items[0]!.label).toBe('<b>0</b>');
  });

  it('replaces halves of characters that are no text', async () => {
    const id = await area.import(await area.write('half.jsonl', '{"text":"a\\ud800b","label":1}'));
    expect((await area.rows(id)).items[0]!.text).toBe('a\ufffdb');
  });

  it.each([
    ['utf-16le', Buffer.from('\ufefftext,label\ncafé,1\nthé,2\n', 'utf16le')],
    ['windows-1252', Buffer.from('text,label\ncafé,1\nthé,2\n', 'latin1')],
    ['utf-8', Buffer.from('\ufefftext,label\r\ncafé,1\r\nthé,2\r\n')],
  ])('reads %s', async (_, bytes) => {
    const id = await area.import(await area.write('cafe.csv', bytes));
    expect((await area.rows(id)).items.map(({ text }) => text)).toEqual(['café', 'thé']);
  });

  it('takes a split name a file, or from a column', async () => {
    const [train, test] = [
      await area.write('a.csv', 'text,label\nx,1\ny,2\n'),
      await area.write('b.csv', 'text,label\nz,2\n'),
    ];
    const files = [
      { path: train, split: 'train' },
      { path: test, split: 'test' },
    ];
    const id = await area.import([train, test], {}, { source: { files } });
    expect((await area.rows(id)).items.map(({ split }) => split)).toEqual(['train', 'train', 'test']);
    expect((await area.rows(id, { split: 'test' })).items[0]!.text).toBe('z');
    const both = await area.write('c.csv', 'text,label,set\nx,1,dev\ny,2,train\n');
    const byColumn = await area.import(both, { split: 'set' });
    expect((await area.rows(byColumn)).items.map(({ split }) => split)).toEqual(['dev', 'train']);
  });

  it('reads pairs, and a file without a header', async () => {
    const pairs = await area.write(
      'pairs.jsonl',
      '{"a":"one","b":"two","y":true}\n{"a":"three","b":null,"y":false}',
    );
    const id = await area.import(pairs, { text: 'a', textPair: 'b', label: 'y' });
    expect((await area.rows(id)).items).toMatchObject([
      { text: 'one', textPair: 'two', label: 'true' },
      { text: 'three', textPair: '', label: 'false' },
    ]);
    const plain = await area.write(
      'plain.tsv',
      'ham\tHello there, you.\nspam\tWin now!\nham\tBye for now.\n',
    );
    const second = await area.import(plain, { text: 'column_2', label: 'column_1' });
    expect((await area.rows(second)).total).toBe(3);
  });

  it('names the classes of a hub data set as its Parquet file does', async () => {
    const features = {
      label: { _type: 'ClassLabel', names: ['1 star', '2 star', 'none'] },
      text: { _type: 'Value' },
    };
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'text', data: ['bad', 'good', 'secret'], type: 'STRING' },
        { name: 'label', data: [1n, 0n, -1n], type: 'INT64' },
      ],
      kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
    });
    const file = await area.write('hub.parquet', new Uint8Array(bytes));
    const id = await area.import(file, {}, { emptyLabels: 'leave-out' });
    expect((await area.rows(id)).items.map(({ label }) => label)).toEqual(['2 star', '1 star']);
    expect((await area.ask('datasets/list', {})).datasets[0]!.latest.labels).toEqual([
      { name: '1 star', rows: 1 },
      { name: '2 star', rows: 1 },
      { name: 'none', rows: 0 },
    ]);
  });

  it('refuses rows without a label and names the first, or leaves them out', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `text ${i},${i % 3 === 1 ? ' ' : 'a'}`);
    const file = await area.write('gaps.csv', ['text,label', ...rows].join('\n'));
    expect((await faultOf(area.import(file))).message).toBe(
      '7 rows of gaps.csv have no label in column "label": 2, 5, 8, 11, 14 and 2 more.',
    );
    expect(await stored()).toEqual(nothing);
    const id = await area.import(file, {}, { emptyLabels: 'leave-out' });
    expect((await area.rows(id)).total).toBe(13);
    expect((await area.ask('datasets/list', {})).datasets[0]!.latest.change).toBe(
      'Imported from gaps.csv, 7 without a label left out',
    );
    const none = await area.write('none.csv', 'text,label\na,\nb,\n');
    const all = area.import(none, {}, { emptyLabels: 'leave-out' });
    expect(await faultOf(all)).toMatchObject({ code: 'datasets/all-left-out' });
  });

  it('takes a label column with 20,000 values', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `text ${i},class ${(i * 7919) % 20_000}`);
    const id = await area.import(await area.write('many.csv', ['text,label', ...lines].join('\n')));
    const { items } = await area.rows(id, { label: 'class 7919' });
    expect(items.map(({ text }) => text)).toEqual(['text 1']);
    const { latest } = (await area.ask('datasets/list', {})).datasets[0]!;
    expect(latest.labels).toHaveLength(20_000);
    expect(latest.labels.slice(0, 3).map(({ name }) => name)).toEqual(['class 0', 'class 1', 'class 10']);
    const report = await area.ask('datasets/report', { versionId: id });
    const rare = report.findings.find(({ code }) => code === 'rare-classes')!;
    expect(rare.message).toBe('20,000 classes have fewer than 10 rows (20,000 rows in all).');
    expect(rare.detail).toContain('Check that this is the label column.');
    expect(rare.repairs).toEqual([]);
  });

  it.each([
    [
      'a row with a field too many',
      'text,label\na,1\nb,2,3\n',
      'Row 2 (line 3) of bad.csv has 3 fields, the header has 2.',
    ],
    [
      'a cut-off quoted field',
      'text,label\na,1\n"b is not clos',
      'Row 2 (line 3) of bad.csv opens a double quote',
    ],
    ['a column that is missing', 'body,label\na,1\n', 'bad.csv has no column "text"'],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from('text,label\né ü ö,1\n'), Buffer.from([0xe9, 0x41, 10])]),
      'Line 3',
    ],
    ['a header only', 'text,label\n', 'has a header but no rows'],
    ['an empty file', '', 'is empty'],
  ])('of %s says so and stores nothing', async (_, content, message) => {
    const fault = await faultOf(area.import(await area.write('bad.csv', content)));
    expect(fault.message).toContain(message);
    expect(await stored()).toEqual(nothing);
  });

  it('of a damaged Parquet file, and of one column for two things, says so', async () => {
    const file = await area.write('bad.parquet', Buffer.alloc(500, 'PAR1'));
    expect(await faultOf(area.import(file))).toMatchObject({ code: 'data/parquet' });
    expect(await faultOf(area.import(file, { label: 'text' }))).toMatchObject({
      code: 'datasets/same-column',
    });
    expect(await stored()).toEqual(nothing);
  });

  it('that is cancelled leaves nothing behind', async () => {
    const file = await area.write('many.csv', manyRows(30_000));
    const { jobId } = await area.startImport(file);
    await expect
      .poll(async () => (await area.jobs())[0]!.done, { timeout: 20_000, interval: 5 })
      .toBeGreaterThan(0);
    await area.context.jobs.handlers['jobs/cancel']({ id: jobId });
    expect((await area.jobs())[0]!.state).toBe('cancelled');
    expect(await stored()).toEqual(nothing);
  });

  it('onto a full disk says so and leaves nothing whole behind', async () => {
    const path = await area.write('many.csv', manyRows(5000));
    const file = join(area.dir, 'full.db');
    const mapping = mappingSchema.parse({
      text: 'text',
      textPair: null,
      label: 'label',
      split: null,
      extra: [],
    });
    const source = { files: [{ path, split: null }] };
    const given = { source, mapping, emptyLabels: 'refuse', raggedRows: 'refuse', file } as const;
    const task = runTask(datasetTasks, 'import', { ...given, pageLimit: 100 });
    expect(await faultOf(task)).toMatchObject({ code: 'store/disk-full' });
    await rm(file);
  });

  it('into a workspace that vanished says so', async () => {
    const file = await area.write('a.csv', 'text,label\na b,1\nc d,2\n');
    await rm(area.context.workspace.dir, { recursive: true });
    expect(await faultOf(area.import(file))).toMatchObject({ code: 'store/gone' });
  });

  it('of a process that is killed leaves nothing half there, and the next one works', async () => {
    const file = await area.write('many.csv', manyRows(30_000));
    await area.close();
    const child = fork(new URL('./test-support-import.ts', import.meta.url), [area.dir, file]);
    await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');
    area = await TestArea.open(area.dir);
    const { datasets, files, temporary } = await stored();
    expect({ datasets, files }).toEqual({ datasets: 0, files: [] });
    // What the backend empties at its start.
    expect(temporary).toHaveLength(1);
    expect((await area.rows(await area.import(file), { limit: 1 })).total).toBe(30_000);
  });
});

describe('an import with a label map', () => {
  it('renames, merges and leaves out, joins columns, and the version keeps what was done', async () => {
    const path = await area.write(
      'stars.csv',
      'title,text,stars\nBad,it broke,1\nPoor,it bent,2\nFine,it works,5\nNone,at all,nan\nonly,two\n,empty,\n',
    );
    const mapping = {
      text: 'title',
      moreText: ['text'],
      separator: ': ',
      label: 'stars',
      labelMap: { 1: 'negative', 2: 'negative', 5: 'positive', nan: null },
    };
    const refused = await faultOf(area.import(path, mapping, { raggedRows: 'leave-out' }));
    expect(refused).toMatchObject({ code: 'datasets/empty-labels' });
    const id = await area.import(path, mapping, { emptyLabels: 'leave-out', raggedRows: 'leave-out' });
    const { items } = await area.rows(id);
    expect(items.map(({ text, label }) => [text, label])).toEqual([
      ['Bad: it broke', 'negative'],
      ['Poor: it bent', 'negative'],
      ['Fine: it works', 'positive'],
    ]);
    const { datasets } = await area.ask('datasets/list', {});
    const { reading, change } = datasets[0]!.latest;
    expect(reading).toEqual({
      labelMap: mapping.labelMap,
      textColumns: ['title', 'text'],
      separator: ': ',
      leftOut: [
        { file: 'stars.csv', reason: 'no-label', rows: 2, first: [4, 6] },
        { file: 'stars.csv', reason: 'ragged', rows: 1, first: [5] },
      ],
    });
    expect(change).toBe(
      'Imported from stars.csv, title + text as one text, labels "1", "2" → "negative"; "5" → "positive"; "nan" → no label, 2 without a label left out, 1 with another number of fields left out',
    );
  });
});
