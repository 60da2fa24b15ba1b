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

  it.each([
    [
      'gb18030',
      '这个产品非常好，我很喜欢',
      '质量太差了，不推荐大家买',
      'bGFiZWwJdGV4dAoxCdXiuPay+sa3t8ezo7rDo6zO0rrcz7K7tgowCdbKwb/Mq7LuwcujrLK7zca89rTzvNLC8go=',
    ],
    [
      'windows-1251',
      'Отличный товар, очень понравился',
      'Ужасное качество, не рекомендую',
      'bGFiZWwJdGV4dAoxCc7y6+j37fvpIPLu4uDwLCDu9+Xt/CDv7u3w4OLo6/H/CjAJ0+bg8e3u5SDq4Pfl8fLi7iwg7eUg8OXq7uzl7eTz/go=',
    ],
    [
      'shift_jis',
      'この商品はとても良いです',
      '品質が悪いのでお勧めしません',
      'bGFiZWwJdGV4dAoxCYKxgsyPpJVpgs2CxoLEguCXx4KigsWCtwowCZVpjr+CqoirgqKCzILFgqiKqYLfgrWC3IK5gvEK',
    ],
    [
      'euc-kr',
      '이 제품은 정말 좋아요 다시 살게요',
      '품질이 너무 나빠서 추천하지 않아요',
      'bGFiZWwJdGV4dAoxCcDMIMGmx7DAuiDBpLi7IMHBvsa/5CC02b3DILvssNS/5AowCcewwfrAzCCzyrmrILOquvy8rSDD38O1x8/B9iC+yr7Gv+QK',
    ],
    [
      'big5',
      '這個產品非常好，我很喜歡',
      '品質太差了，不推薦大家買',
      'bGFiZWwJdGV4dAoxCbNvrdOyo6t+q0SxYKZuoUGn2qvcs9/FdwowCat+veik0650pEahQaSjscDCy6RqrmG2Ugo=',
    ],
    [
      'koi8-r',
      'Отличный товар, очень понравился',
      'Ужасное качество, не рекомендую',
      'bGFiZWwJdGV4dAoxCe/UzMneztnKINTP18HSLCDP3sXO2CDQz87SwdfJzNPRCjAJ9dbB087PxSDLwd7F09TXzywgzsUg0sXLz83FzsTVwAo=',
    ],
  ])('detects %s by its letters', async (encoding, first, second, base64) => {
    const table = await folder.open(`${encoding}.tsv`, Buffer.from(base64, 'base64'));
    expect(table).toMatchObject({
      encoding,
      notes: [`${encoding}.tsv is read as ${encoding}: it is not valid UTF-8.`],
    });
    expect(await allValues(table)).toEqual([
      { label: '1', text: first },
      { label: '0', text: second },
    ]);
  });

  it('is asked for where the letters do not tell, and shown in a preview', async () => {
    const bytes = Buffer.from('dGV4dCxsYWJlbArV7vDu+O4scG9zCs/r7vXuLG5lZwo=', 'base64');
    const fault = await faultOf(folder.open('short.csv', bytes));
    expect(fault.code).toBe('data/encoding-doubtful');
    expect(fault.message).toMatch(
      /^short\.csv is not UTF-8, and its encoding cannot be told\. It reads "Хорошо,pos" as windows-1251, /,
    );
    expect(fault.remedy).toContain('--encoding');
    const shown = await folder.open('short.csv', bytes, { doubtfulEncoding: 'note' });
    expect(shown.encoding).toBe('windows-1251');
    expect(shown.notes[0]).toContain('may be windows-1251 ("Хорошо,pos")');
    expect(await allValues(await folder.open('short.csv', bytes, { encoding: 'cp1251' }))).toEqual([
      { text: 'Хорошо', label: 'pos' },
      { text: 'Плохо', label: 'neg' },
    ]);
  });

  it('names the line with bytes that are not of an encoding other than UTF-8', async () => {
    const line = Buffer.from([0x97, 0xc7, 0x82, 0xa2, 0x0a]);
    const lines = [...Array.from({ length: 30 }, () => line), Buffer.from([0x97, 0x0a]), line];
    const bytes = Buffer.concat([Buffer.from('a\n'), ...lines]);
    const reading = folder.open('jis-damaged.csv', bytes, { encoding: 'shift_jis' }).then(consume);
    expect((await faultOf(reading)).message).toBe(
      'Line 32 of jis-damaged.csv holds bytes that are not SHIFT_JIS.',
    );
  });

  it('tells text that was damaged before', async () => {
    expect((await folder.open('lost.csv', 'a,b\ncaf\ufffd,1\n')).notes).toEqual([
      'lost.csv holds characters that were lost (\ufffd), first in line 2.',
    ]);
    expect((await folder.open('twice.csv', 'a,b\nx,1\ncafÃ©,1\n')).notes).toEqual([
      'twice.csv looks like UTF-8 that was read as Windows-1252 and saved again, first in line 3.',
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
