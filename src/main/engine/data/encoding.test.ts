import { writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { allValues, consume, faultOf, TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

const text = 'label,text\nä,"größer – œuvre"\nb,"naïve"\n';
const utf16 = (bom: string) => Buffer.from(bom + text, 'utf16le');
const windows1252 = Buffer.from(text.replaceAll('–', '\x96').replaceAll('œ', '\x9c'), 'latin1');

describe('encodings', () => {
  it.each<[string, Uint8Array, string, string]>([
    [
      'utf-8',
      Buffer.from(`\ufeff${text}`),
      'mark',
      'starts with a UTF-8 byte order mark, which is left out.',
    ],
    ['utf-16le', utf16('\ufeff'), 'le', 'is read as UTF-16 (little-endian).'],
    ['utf-16be', utf16('\ufeff').swap16(), 'be', 'is read as UTF-16 (big-endian).'],
    ['utf-16le', utf16(''), 'le-bare', 'is read as UTF-16 (little-endian), without a byte order mark.'],
    ['utf-16be', utf16('').swap16(), 'be-bare', 'is read as UTF-16 (big-endian), without a byte order mark.'],
    ['windows-1252', windows1252, 'win', 'is read as Windows-1252 (Latin-1): it is not valid UTF-8.'],
  ])('detects %s and says so', async (encoding, bytes, name, note) => {
    const table = await folder.open(`${name}.csv`, bytes);
    expect(table).toMatchObject({ encoding, columns: ['label', 'text'], notes: [`${name}.csv ${note}`] });
    expect(await allValues(table)).toEqual([
      { label: 'ä', text: 'größer – œuvre' },
      { label: 'b', text: 'naïve' },
    ]);
  });

  it('says nothing about plain UTF-8', async () => {
    expect((await folder.open('plain.csv', text)).notes).toEqual([]);
  });

  it('takes an encoding that is given', async () => {
    const bytes = Uint8Array.of(0x61, 0x0a, 0x82, 0xa0, 0x0a);
    const table = await folder.open('jis.csv', bytes, { encoding: 'Shift_JIS' });
    expect(await allValues(table)).toEqual([{ a: 'あ' }]);
    expect(await faultOf(folder.open('jis.csv', bytes, { encoding: 'morse' }))).toMatchObject({
      code: 'data/encoding-unknown',
    });
  });

  it('names the line with damaged bytes in a text that is otherwise UTF-8', async () => {
    const lines = Buffer.from('a,b\n' + 'größer,naïve\n'.repeat(30_000));
    lines[4 + 20_000 * Buffer.byteLength('größer,naïve\n') + 1] = 0xff;
    const table = await folder.open('damaged.csv', lines);
    expect(await faultOf(consume(table))).toMatchObject({
      code: 'data/encoding',
      message: 'Line 20,002 of damaged.csv holds bytes that are not UTF-8.',
    });
  });

  it('names the line with a NUL byte', async () => {
    const reading = folder.open('nul.csv', 'a,b\n1,2\n3,\0\n' + '5,6\n'.repeat(100)).then(consume);
    expect(await faultOf(reading)).toMatchObject({
      code: 'data/nul',
      message: 'Line 3 of nul.csv holds a NUL byte, which no text file does.',
    });
  });

  it('refuses a character that the end of the file cuts', async () => {
    const table = await folder.open('cut.csv', Buffer.from('a,b\ngrößer,é\n').subarray(0, -2));
    expect(await faultOf(consume(table))).toMatchObject({ code: 'data/encoding' });
  });

  it('refuses a file that turned into something else after it was opened', async () => {
    const table = await folder.open('turned.csv', 'a,b\n1,2\n');
    await writeFile(table.file, Uint8Array.of(0x61, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    expect(await faultOf(consume(table))).toMatchObject({ code: 'data/encoding' });
  });
});
