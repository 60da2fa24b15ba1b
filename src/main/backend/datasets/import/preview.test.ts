import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, describe, expect, it } from 'vitest';
import { faultOf, TestFolder } from '../../../engine/data/test-support.ts';
import { previewTask } from './preview-task.ts';
import type { SourceFiles } from './source-tables.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

async function preview(name: string, content: string | Uint8Array, more: Partial<SourceFiles> = {}) {
  const path = await folder.write(name, content);
  return previewTask({ source: { files: [{ path, split: null }], ...more }, name });
}
const rolesOf = ({ columns }: Awaited<ReturnType<typeof preview>>) =>
  Object.fromEntries(columns.map(({ name, role }) => [name, role]));
const sentence = (i: number) => `This is sentence number ${i} of a file of several words`;
const csv = (header: string, rows: number, row: (i: number) => string) =>
  [header, ...Array.from({ length: rows }, (_, i) => row(i)), ''].join('\n');

describe('a preview', () => {
  it('guesses text, label, split and columns for slices by name and content', async () => {
    const found = await preview(
      'a.csv',
      csv('id;stars;title;review;set;shop', 60, (i) =>
        [i, i % 5, `Title ${i}`, sentence(i), i % 2 ? 'train' : 'test', `shop ${i % 3}`].join(';'),
      ),
    );
    expect(rolesOf(found)).toEqual({
      id: 'ignore',
      stars: 'label',
      title: 'ignore',
      review: 'text',
      set: 'split',
      shop: 'extra',
    });
    expect(found).toMatchObject({ format: 'csv', delimiter: ';', header: true, rows: 60, rowsExact: true });
    expect(found.sample).toHaveLength(50);
    expect(found.columns[1]).toMatchObject({ distinct: 5, empty: 0 });
  });

  it('guesses by content where names say nothing', async () => {
    const found = await preview(
      'b.csv',
      csv('a,b,c', 40, (i) => `${i},${sentence(i)},${i % 2 ? 'yes' : 'no'}`),
    );
    expect(rolesOf(found)).toEqual({ a: 'ignore', b: 'text', c: 'label' });
  });

  it('finds second texts', async () => {
    const pairs = await preview(
      'c.csv',
      csv('premise,hypothesis,label', 30, (i) => `${sentence(i)},x ${i} y,${i % 3}`),
    );
    expect(rolesOf(pairs)).toEqual({ premise: 'text', hypothesis: 'text_pair', label: 'label' });
  });

  it('sees that a file has no header, unless told otherwise', async () => {
    const content = 'ham\tGo until jurong point, crazy..\nspam\tFree entry!\nham\tOk lar...\n';
    const found = await preview('sms.tsv', content);
    expect(found).toMatchObject({ header: false, rows: 3 });
    expect(rolesOf(found)).toEqual({ column_1: 'label', column_2: 'text' });
    expect(await preview('sms.tsv', content, { header: true })).toMatchObject({ header: true, rows: 2 });
    const named = await preview('sms.tsv', content, { columnNames: ['label', 'text'] });
    expect(rolesOf(named)).toEqual({ label: 'label', text: 'text' });
  });

  it('warns of rows without a label or text, with their numbers', async () => {
    const found = await preview('gaps.csv', 'text,label\na b c,x\n,y\nd e f,\ng h i,\n');
    expect(found.warnings).toEqual([
      { row: 2, message: 'Row 2 has no text in column "text". It is kept and shown in the report.' },
      {
        row: 3,
        message: '2 rows have no label in column "label": 3, 4. Label them, or leave such rows out.',
      },
    ]);
  });

  it('leaves rows with another number of fields out, and names them', async () => {
    const found = await preview('cut.csv', 'text,label\na b,x\nc d,y\ne,f,g\nh i,x\n');
    expect(found.sampleRows).toEqual([1, 2, 4]);
    expect(found.ragged).toEqual({ rows: 1, first: [3] });
    expect(found.warnings[0]).toEqual({
      row: 3,
      message: 'Row 3 (line 4) has 3 fields, there are 2 columns. Leave it out, or mend the file.',
    });
  });

  it('says what stands out in each column as labels, and what would be made of it', async () => {
    const found = await preview('odd.csv', `text,label\n${'a b,0\nc d,0.0\ne f,1\n'.repeat(4)}`);
    const label = found.columns[1]!;
    expect(label.values.slice(0, 2)).toEqual([
      { value: '0', rows: 4 },
      { value: '0.0', rows: 4 },
    ]);
    expect(label.reading.proposed).toEqual({ '0.0': '0' });
    expect(label.reading.observations.map(({ code }) => code)).toEqual(['written-numbers']);
  });

  it('shows what comes before a row that cannot be read, and names that row', async () => {
    const found = await preview('cut.jsonl', `${'{"text":"a b","label":1}\n'.repeat(150)}{"text"\n`);
    expect(found.sample).toHaveLength(50);
    expect(found.rowsExact).toBe(false);
    expect(found.warnings[0]).toMatchObject({ row: 151 });
    expect(await faultOf(preview('no.csv', ''))).toMatchObject({ code: 'data/empty' });
    expect(await faultOf(preview('no.docx', 'x'))).toMatchObject({ code: 'data/format' });
  });

  it('says which encoding was found, and takes another', async () => {
    const bytes = Buffer.from('text,label\ncafé au lait,1\nthé,2\n', 'latin1');
    const found = await preview('latin.csv', bytes);
    expect(found.encoding).toBe('windows-1252');
    expect(found.warnings[0]!.message).toContain('is read as Windows-1252');
    const greek = await preview('latin.csv', bytes, { encoding: 'iso-8859-7' });
    expect(greek.sample[0]![0]).toBe('cafι au lait');
  });

  it('reads the beginning of a large file only, and estimates its rows', async () => {
    const row = `${'word '.repeat(1000)},1\n`;
    const found = await preview('large.csv', `text,label\n${row.repeat(6000)}`);
    expect(found.rowsExact).toBe(false);
    expect(found.rows! / 6000).toBeCloseTo(1, 1);
    expect(found.sample[0]![0]).toHaveLength(2000);
  });

  it('takes the number of rows from a Parquet file, and adds up several files', async () => {
    const data = Array.from({ length: 30 }, (_, i) => sentence(i));
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'text', data, type: 'STRING' },
        { name: 'label', data: data.map((_, i) => BigInt(i % 2)), type: 'INT64' },
      ],
    });
    expect(await preview('a.parquet', new Uint8Array(bytes))).toMatchObject({ rows: 30, rowsExact: true });
    const files = await Promise.all(
      ['text,label\na b c,1\n', 'text,label\nd e f,2\ng h i,1\n', 'text,stars\nx,1\n'].map(
        async (content, i) => ({
          path: await folder.write(`part-${i}.csv`, content),
          split: null,
        }),
      ),
    );
    const found = await previewTask({ source: { files }, name: 'parts' });
    expect(found.rows).toBeGreaterThanOrEqual(3);
    expect(found.warnings.map(({ message }) => message)).toContain(
      'part-2.csv has no column "label", which part-0.csv has.',
    );
  });
});
