import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readChosenExamples, readExamples, readNumberedExamples, type ExampleOptions } from './examples.ts';
import { faultOf, TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());
const read = async (name: string, content: string, options?: ExampleOptions) =>
  readExamples(await folder.write(name, content), options);
const sharedData = join(import.meta.dirname, '../../../../../shared/data');

describe('readExamples', () => {
  it('reads text, pair and label from the columns that are named', async () => {
    const columns = { textColumn: 'q', textPairColumn: 'a', labelColumn: 'y' };
    const { examples, notes } = await read('a.csv', 'q;a;y\nwhy;so;1\n', columns);
    expect(examples).toEqual([{ file: 'a.csv', row: 1, line: 2, text: 'why', textPair: 'so', label: '1' }]);
    expect(notes).toEqual(['a.csv is separated by semicolons.']);
  });

  it('takes text_pair by itself and leaves labels alone unless asked', async () => {
    const { examples } = await read(
      'b.jsonl',
      '{"text":"a","text_pair":"b","label":2}\n{"text":"c","text_pair":null}',
    );
    expect(examples).toEqual([
      { file: 'b.jsonl', row: 1, line: 1, text: 'a', textPair: 'b' },
      { file: 'b.jsonl', row: 2, line: 2, text: 'c' },
    ]);
  });

  it('takes rows that hold input_ids as tokenised', async () => {
    const { examples } = await read(
      'c.jsonl',
      '{"input_ids":[2,7,3]}\n{"text":"x"}\n{"text":"y","input_ids":[2,3]}',
    );
    expect(examples.map(({ text, tokens }) => [text, tokens && [...tokens.inputIds]])).toEqual([
      ['', [2, 7, 3]],
      ['x', undefined],
      ['y', [2, 3]],
    ]);
  });

  it('takes numbers as names of classes and as texts', async () => {
    const { examples } = await read('d.jsonl', '{"text":42,"label":3}\n{"text":"","label":true}', {
      labelColumn: 'label',
    });
    expect(examples.map(({ text, label }) => [text, label])).toEqual([
      ['42', '3'],
      ['', 'true'],
    ]);
  });

  it.each<[string, string, string, ExampleOptions, string]>([
    [
      'data/column-missing',
      'e.csv',
      'star,txt\n1,a\n',
      {},
      'e.csv has no column "text". It has "star", "txt".',
    ],
    ['data/no-rows', 'f.csv', 'text\n', {}, 'has a header but no rows.'],
    [
      'data/missing-text',
      'g.jsonl',
      '{"text":"a"}\n{"text":null}',
      {},
      'Row 2 (line 2) of g.jsonl has no text in',
    ],
    [
      'data/not-text',
      'h.jsonl',
      '{"text":["a"]}',
      {},
      'Row 1 (line 1) of h.jsonl holds a list in column "text"',
    ],
    [
      'data/empty-label',
      'i.csv',
      'text,label\na,1\nb, \n',
      { labelColumn: 'label' },
      'Row 2 (line 3) of i.csv has no',
    ],
    [
      'data/input-ids',
      'k.jsonl',
      '{"input_ids":[1.5]}',
      {},
      'Row 1 (line 1) of k.jsonl: input_ids is not a list of whole numbers',
    ],
    ['data/input-ids', 'l.jsonl', '{"input_ids":[]}', {}, 'Row 1 (line 1) of l.jsonl'],
    ['data/format', 'm.docx', 'x', {}, 'm.docx is in no format'],
  ])('says what is wrong: %s', async (code, name, content, options, message) => {
    const fault = await faultOf(read(name, content, options));
    expect(fault.code).toBe(code);
    expect(fault.message).toContain(message);
  });

  it('suggests the nearest column', async () => {
    expect((await faultOf(read('n.csv', 'id,Text_\n1,a\n'))).remedy).toBe('Did you mean "Text_"?');
  });

  it.runIf(existsSync(sharedData))('reads the reviews (skipped where ../shared/data is not)', async () => {
    const file = join(sharedData, 'electronics-reviews-train.csv');
    const { examples, notes } = await readExamples(file, { labelColumn: 'stars' });
    expect(examples.length).toBeGreaterThan(900);
    expect(examples.some((example) => example.text.includes('\n'))).toBe(true);
    expect(notes).toEqual([]);
  });

  it('renames and merges labels by a map, and leaves out rows whose value has none', async () => {
    const content = 'text,label\na,1\nb, 2 \nc,nan\nd,5\ne,\n';
    const options = { labelColumn: 'label', labelMap: { 1: 'negative', 2: 'negative', nan: null } };
    const fault = await faultOf(read('map.csv', content, options));
    expect(fault.message).toBe('Row 5 (line 6) of map.csv has no label in column "label".');
    const { examples, notes } = await read('map.csv', content, { ...options, emptyLabels: 'leave_out' });
    expect(examples.map(({ row, label }) => [row, label])).toEqual([
      [1, 'negative'],
      [2, 'negative'],
      [4, '5'],
    ]);
    expect(notes).toEqual(['2 rows of map.csv without a label are left out: 3, 5.']);
  });

  it('joins several columns to one text, without the empty ones', async () => {
    const { examples } = await read('joined.csv', 'title,text\nGood,it works\n,only this\n', {
      textColumns: ['title', 'text'],
      textSeparator: '. ',
    });
    expect(examples.map(({ text }) => text)).toEqual(['Good. it works', 'only this']);
  });

  it('leaves rows with another number of fields out where that is asked for, and names them', async () => {
    const content = 'text,label\na,x\nb,y,z\nc,x\nd\n';
    const { examples, notes } = await read('ragged.csv', content, { raggedRows: 'leave_out' });
    expect(examples.map(({ row, text }) => [row, text])).toEqual([
      [1, 'a'],
      [3, 'c'],
    ]);
    expect(notes).toEqual(['2 rows of ragged.csv with another number of fields are left out: 2, 4.']);
  });

  it('finds text and label of a file without a header line, and says which', async () => {
    const rows = Array.from({ length: 9 }, (_, i) => `It was number ${i}, a film.\t${i % 2}\n`).join('');
    const { examples, notes, columns } = await read('dev.tsv', rows, { labelColumn: 'label' });
    expect(examples).toHaveLength(9);
    expect(examples[1]).toMatchObject({ row: 2, text: 'It was number 1, a film.', label: '1' });
    expect(columns).toEqual({ text: 'column_1', label: 'column_2' });
    expect(notes).toEqual([
      'dev.tsv has no header line; "column_1" is taken as the text and "column_2" as the label.',
    ]);
  });

  it('takes a first line that has the columns named for the header, whatever it looks like', async () => {
    const { examples } = await read('odd.csv', '1,2\na,x\nb,y\n', { textColumn: '1', labelColumn: '2' });
    expect(examples.map(({ text }) => text)).toEqual(['a', 'b']);
  });

  it('gives rows by their numbers, also behind rows that were left out', async () => {
    const file = await folder.write('holes.csv', 'text,label\na,x\nb\nc,x\nd,\ne,y\n');
    const options: ExampleOptions = {
      labelColumn: 'label',
      raggedRows: 'leave_out',
      emptyLabels: 'leave_out',
    };
    const { examples, rows } = await readNumberedExamples(file, options, [5, 3, 9]);
    expect(Array.from(examples, ([row, { text }]) => [row, text])).toEqual([
      [3, 'c'],
      [5, 'e'],
    ]);
    expect(rows).toBe(5);
  });

  it('takes chosen rows in the order wanted, with the labels of all', async () => {
    const file = await folder.write('many.csv', 'text,label\na,x\nb,y\nc,x\nd,z\n');
    const options = { labelColumn: 'label' };
    const { examples, labels } = await readChosenExamples(file, options, (rows) =>
      Int32Array.of(rows - 1, 0),
    );
    expect(examples.map(({ row, text }) => [row, text])).toEqual([
      [4, 'd'],
      [1, 'a'],
    ]);
    expect(labels).toEqual(['x', 'y', 'x', 'z']);
  });
});
