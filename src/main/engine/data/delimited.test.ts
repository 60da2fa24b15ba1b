import { appendFile, rm, truncate, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openTable } from './table.ts';
import { allRows, allValues, consume, faultOf, TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());
const sharedData = join(import.meta.dirname, '../../../../../shared/data');

describe('a .csv file', () => {
  it('gives rows by column name, with the line each begins on', async () => {
    const table = await folder.open('a.csv', 'stars,text\n1,"two\nlines, one ""quote"""\r\n\n5,fine\n');
    expect(table).toMatchObject({ format: 'csv', columns: ['stars', 'text'], encoding: 'utf-8', notes: [] });
    expect(await allRows(table)).toEqual([
      { row: 1, line: 2, values: { stars: '1', text: 'two\nlines, one "quote"' } },
      { row: 2, line: 5, values: { stars: '5', text: 'fine' } },
    ]);
  });

  it('can be read again from its beginning', async () => {
    const table = await folder.open('again.csv', 'a\n1\n2\n');
    expect(await consume(table)).toBe(2);
    expect(await consume(table)).toBe(2);
  });

  it.each([
    [';', 'a;b\n1,5;x\n2,5;y\n', 'semicolons'],
    ['\t', 'a\tb\n1,5\tx;\n2,5\ty\n', 'tabs'],
    ['|', 'a|b\n"1|5"|x\n2|y\n', 'vertical bars'],
  ])('finds the separator %j and says so', async (delimiter, text, name) => {
    const table = await folder.open('sep.csv', text);
    expect(table.delimiter).toBe(delimiter);
    expect(table.columns).toEqual(['a', 'b']);
    expect(table.notes).toEqual([`sep.csv is separated by ${name}.`]);
    expect(await consume(table)).toBe(2);
  });

  it('takes a single column, whatever its text holds', async () => {
    const table = await folder.open('one.csv', 'text\nhello; you\nbye; you; all\n');
    expect(await allValues(table)).toEqual([{ text: 'hello; you' }, { text: 'bye; you; all' }]);
  });

  it('takes a separator and column names that are given', async () => {
    const table = await folder.open('given.csv', '1;a,b\n', { delimiter: ';', columnNames: ['n', 'text'] });
    expect(await allRows(table)).toEqual([{ row: 1, line: 1, values: { n: '1', text: 'a,b' } }]);
  });

  it('leaves a quote inside an unquoted field as it is', async () => {
    const table = await folder.open('inch.csv', 'n,text\n1,a 5" screen\n2,"b"\n');
    expect((await allValues(table)).map((v) => v['text'])).toEqual(['a 5" screen', 'b']);
  });

  it('takes quotes as characters where they would swallow the rows between two of them', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 5},row ${i} is fine`);
    rows[9] = '4,"Great product that I like';
    rows[49] = '2,"never" again';
    const table = await folder.open('swallow.csv', `stars,text\n${rows.join('\n')}\n`);
    expect(table.notes).toEqual([
      'Double quotes in swallow.csv are taken as part of the text: as quotes of fields they do not balance, first in row 10 (line 11).',
    ]);
    const values = await allValues(table);
    expect(values).toHaveLength(60);
    expect(values[9]).toEqual({ stars: '4', text: '"Great product that I like' });
    expect(values[49]).toEqual({ stars: '2', text: '"never" again' });
  });

  it('takes sentences with as many commas as a row for the text that they are', async () => {
    const sentences = 'It is heavy, big, and loud.\n'.repeat(8);
    const rows = Array.from({ length: 20 }, (_, i) => `${i},title,"It works.\n${sentences}Bought, kept."`);
    const table = await folder.open('prose.csv', ['id,title,text', ...rows, ''].join('\n'));
    expect(table.notes).toEqual([]);
  });

  it('says where quotes do not balance in a file that needs them', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 5},"row ${i}, and more"`);
    rows[9] = '4,"Great" product';
    const table = await folder.open('mixed.csv', `stars,text\n${rows.join('\n')}\n`);
    expect(table.notes).toEqual([
      'The double quotes of mixed.csv do not balance in row 10 (line 11): rows may be read as part of a text. ' +
        'Double the quotes that belong to the text.',
    ]);
    expect(await allValues(table)).toHaveLength(60);
  });

  it(
    'names a row that swallows others beyond the beginning that is looked at',
    { timeout: 30_000 },
    async () => {
      const filler = `1,"${'x'.repeat(100_000)}, and"\n`.repeat(90);
      const swallowed = Array.from({ length: 40 }, (_, i) => `${i % 5},row ${i}`).join('\n');
      const table = await folder.open('late.csv', `stars,text\n${filler}4,"Great\n${swallowed}\n2,not"\n`);
      expect(table.notes).toEqual([]);
      await consume(table);
      await consume(table);
      expect(table.notes).toEqual([
        'Row 91 (line 92) of late.csv opens a double quote that closes 41 lines later; the lines between look like rows.',
      ]);
    },
  );

  it('takes quotes that are escaped by backslashes', async () => {
    const table = await folder.open(
      'escaped.csv',
      'stars,text\n1,"He said \\"hi\\", then left"\n2,"C:\\\\temp\\\\"\n3,plain\n',
    );
    expect(table.notes).toEqual(['Double quotes in the texts of escaped.csv are escaped by backslashes.']);
    expect((await allValues(table)).map(({ text }) => text)).toEqual([
      'He said "hi", then left',
      'C:\\temp\\',
      'plain',
    ]);
  });

  it('takes texts of many lines with commas as texts', async () => {
    const text = 'Dear all,\nthis is long, and\nhas commas, too\nin each line, nearly\nbut no rows';
    const table = await folder.open('long.csv', `stars,shop,text\n1,a,"${text}"\n2,b,"C:\\"\n`);
    expect(table.notes).toEqual([]);
    expect((await allValues(table)).map((row) => row['text'])).toEqual([text, 'C:\\']);
  });

  it('takes old Mac line ends', async () => {
    const table = await folder.open('mac.csv', 'n,text\r1,a\r2,b\r');
    expect(await allValues(table)).toEqual([
      { n: '1', text: 'a' },
      { n: '2', text: 'b' },
    ]);
  });

  it('names columns that have no name by their place', async () => {
    expect((await folder.open('unnamed.csv', ',text\n0,a\n')).columns).toEqual(['column_1', 'text']);
  });

  it('keeps a column named __proto__ a column', async () => {
    const [values] = await allValues(await folder.open('proto.csv', '__proto__,b\nx,y\n'));
    expect(Object.keys(values!)).toEqual(['__proto__', 'b']);
  });

  it('names row, line and numbers when row 731 has one field too many', async () => {
    const rows = Array.from({ length: 900 }, (_, i) => `1,t,"two\nlines",${i === 730 ? 'x,y' : 'x'}`);
    const table = await folder.open('reviews.csv', `stars,title,text,source\n${rows.join('\n')}\n`);
    expect(await faultOf(allRows(table))).toMatchObject({
      code: 'data/row-fields',
      message: 'Row 731 (line 1,462) of reviews.csv has 5 fields, the header has 4.',
      remedy:
        'Put fields that contain the separator in double quotes, take the surplus one out, or leave such rows out (data.ragged_rows: leave_out).',
    });
  });

  it('names row and line when a field is missing', async () => {
    const table = await folder.open('short.csv', 'a,b\n1,2\n3\n');
    const fault = await faultOf(allRows(table));
    expect(fault.message).toBe('Row 2 (line 3) of short.csv has 1 field, the header has 2.');
    const named = await folder.open('short.csv', '1,2\n3\n', { columnNames: ['a', 'b'] });
    expect((await faultOf(allRows(named))).message).toBe(
      'Row 2 (line 2) of short.csv has 1 field, but 2 column names are given.',
    );
  });

  it('names the row whose quote is never closed', async () => {
    const table = await folder.open('quote.csv', 'a,b\n1,2\n3,"never closed\n5,6\n');
    expect(await faultOf(allRows(table))).toMatchObject({
      code: 'data/quote',
      message: 'Row 2 (line 3) of quote.csv opens a double quote that is never closed.',
    });
  });

  it('refuses an empty file, a folder, a file that is not there, and two columns of one name', async () => {
    expect(await faultOf(folder.open('empty.csv', ''))).toMatchObject({ code: 'data/empty' });
    expect(await faultOf(folder.open('blank.csv', '\n\n'))).toMatchObject({ code: 'data/empty' });
    expect(await faultOf(folder.open('bom.csv', '\ufeff'))).toMatchObject({ code: 'data/empty' });
    expect(await faultOf(openTable(await folder.path('none.csv')))).toMatchObject({ code: 'files/missing' });
    expect(await faultOf(openTable(await folder.path('.')))).toMatchObject({ code: 'data/folder' });
    expect((await faultOf(folder.open('two.csv', 'a,b,a\n'))).message).toBe(
      'two.csv has two columns named "a".',
    );
  });

  it('refuses more columns than a table of texts has, quoted or not', async () => {
    const message = 'has 100,000 columns; 10,000 are the most that are read.';
    expect((await faultOf(folder.open('commas.csv', ','.repeat(99_999)))).message).toContain(message);
    const quoted = Array.from({ length: 100_000 }, (_, i) => `"c${i}"`).join(',');
    expect((await faultOf(folder.open('wide.csv', `${quoted}\n`))).message).toContain(message);
    const late = await folder.open('late.csv', `a,b\n${','.repeat(99_999)}\n`);
    expect((await faultOf(consume(late))).message).toBe(
      'Row 1 (line 2) of late.csv has 100,000 fields, the header has 2.',
    );
  });

  it('notices when the file vanishes or is cut before it is read', async () => {
    const text = 'a,b\n' + '1,2\n'.repeat(1000);
    const vanishing = await folder.open('vanishing.csv', text);
    await rm(vanishing.file);
    expect(await faultOf(consume(vanishing))).toMatchObject({ code: 'files/vanished' });
    const cut = await folder.open('cut.csv', text);
    await truncate(cut.file, 400);
    expect(await faultOf(consume(cut))).toMatchObject({ code: 'files/vanished' });
  });

  it('reads a text of 1 MB', async () => {
    const text = 'long "text", '.repeat(80_000);
    const table = await folder.open('long.csv', `a,b\n1,"${text.replaceAll('"', '""')}"\n`);
    expect((await allValues(table))[0]!['b']).toBe(text);
  });

  it('streams 100 MB without holding it', { timeout: 60_000 }, async () => {
    const file = await folder.write('large.csv', 'stars,text\n');
    const row = `4,"${'a quoted text, with commas and\nline ends '.repeat(500)}"\n`;
    const block = row.repeat(50);
    const blocks = Math.ceil(100e6 / block.length);
    for (let i = 0; i < blocks; i++) await appendFile(file, block);
    const table = await openTable(file);
    const before = process.memoryUsage.rss();
    let most = 0;
    for await (const { row: at } of table.rows()) {
      if (at % 100 === 0) most = Math.max(most, process.memoryUsage.rss() - before);
    }
    expect(most).toBeLessThan(80e6);
    await writeFile(file, '');
  });

  it.runIf(existsSync(sharedData))(
    'reads the electronics reviews (skipped where ../shared/data is not)',
    async () => {
      for (const part of ['train', 'test']) {
        const table = await openTable(join(sharedData, `electronics-reviews-${part}.csv`));
        expect(table.columns).toEqual(['stars', 'title', 'text']);
        const stars = new Set((await allValues(table)).map((values) => values['stars']));
        expect([...stars].sort()).toEqual(['1', '2', '4', '5']);
        expect(await consume(table)).toBeGreaterThan(900);
      }
    },
  );
});

describe('a .tsv file', () => {
  it('takes quotes as characters when they do not consistently enclose fields', async () => {
    const text = 'ham\t"Wen u miss" gdeve\nham\tplain\nspam\t"quoted"\n';
    const table = await folder.open('sms.tsv', text, { columnNames: ['label', 'text'] });
    expect((await allValues(table)).map((v) => v['text'])).toEqual([
      '"Wen u miss" gdeve',
      'plain',
      '"quoted"',
    ]);
    expect(table.notes).toEqual(['Double quotes in sms.tsv are taken as part of the text.']);
  });

  it('takes quotes as quotes when each one was needed', async () => {
    const table = await folder.open('excel.tsv', 'label\ttext\na\t"one\ttab"\nb\t"say ""hi"""\nc\tplain\n');
    expect((await allValues(table)).map((v) => v['text'])).toEqual(['one\ttab', 'say "hi"', 'plain']);
  });

  it('takes quotes as quotes when they fill a column', async () => {
    const table = await folder.open('all.tsv', 'label\ttext\na\t"one"\nb\t"two"\n');
    expect((await allValues(table)).map((v) => v['text'])).toEqual(['one', 'two']);
  });

  it('reads all 5,574 SMS of the sample', async () => {
    const sample = join(import.meta.dirname, '../../../../resources/sample/sms-spam.tsv');
    const rows = await allValues(await openTable(sample));
    expect(rows).toHaveLength(5574);
    expect(new Set(rows.map((values) => values['label']))).toEqual(new Set(['ham', 'spam']));
  });

  it.runIf(existsSync(sharedData))('reads SST-2 (skipped where ../shared/data is not)', async () => {
    const table = await openTable(join(sharedData, 'sst2/train.tsv'), { columnNames: ['text', 'label'] });
    expect(await consume(table)).toBe(6920);
  });
});
