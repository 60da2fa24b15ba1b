import { afterAll, describe, expect, it } from 'vitest';
import { splitLines } from './text-source.ts';
import { allRows, allValues, faultOf, TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

describe('a .jsonl file', () => {
  it('gives objects by row, with their lines, and the union of their keys as columns', async () => {
    const table = await folder.open('a.jsonl', '{"text":"a","label":1}\r\n\n{"text":"b","extra":[1,2]}');
    expect(table).toMatchObject({ format: 'jsonl', columns: ['text', 'label', 'extra'] });
    expect(await allRows(table)).toEqual([
      { row: 1, line: 1, values: { text: 'a', label: 1 } },
      { row: 2, line: 3, values: { text: 'b', extra: [1, 2] } },
    ]);
  });

  it('names the line that is not JSON, even far down', async () => {
    const table = await folder.open('far.ndjson', '{"text":"a"}\n'.repeat(300) + '{"text":\n');
    expect(await faultOf(allRows(table))).toMatchObject({
      code: 'data/json-line',
      message:
        'Line 301 of far.ndjson is not a JSON object: it ends after 8 characters, before the object is complete.',
    });
  });

  it('refuses rows of very many keys and of values nested very deep', async () => {
    const keys = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, 1]));
    expect((await faultOf(folder.open('keys.jsonl', `{"a":1}\n${JSON.stringify(keys)}\n`))).message).toBe(
      'Line 2 of keys.jsonl has 10,001 columns; 10,000 are the most that are read.',
    );
    const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    expect((await faultOf(folder.open('deep.jsonl', deep))).message).toBe(
      'Line 1 of deep.jsonl is not a JSON object: its values are nested over 100 levels deep.',
    );
  });

  it('refuses JSON that is not an object, and an empty file', async () => {
    expect((await faultOf(folder.open('list.jsonl', '[1]\n'))).message).toContain('Line 1 of list.jsonl');
    expect(await faultOf(folder.open('blank.jsonl', '\n\n'))).toMatchObject({ code: 'data/empty' });
  });
});

describe('a .txt file', () => {
  it('is a text a line, blank lines included', async () => {
    const table = await folder.open('a.txt', 'one, "two"\n\nthree\n');
    expect(await allValues(table)).toEqual([{ text: 'one, "two"' }, { text: '' }, { text: 'three' }]);
    expect((await folder.open('a.txt', 'no line end')).columns).toEqual(['text']);
  });
});

describe('splitLines', () => {
  const split = async (...chunks: string[]) => {
    async function* source() {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    }
    const lines: string[] = [];
    for await (const { text } of splitLines(source(), 'a.txt')) lines.push(text);
    return lines;
  };

  it('joins lines over chunks, wherever they are cut', async () => {
    expect(await split('a', 'b\r', '\nc\n', '\nd')).toEqual(['ab', 'c', '', 'd']);
    expect(await split('a\n')).toEqual(['a']);
    expect(await split()).toEqual([]);
  });

  it('gives up on a line without end', async () => {
    const chunk = 'x'.repeat(2 ** 22);
    const fault = await faultOf(split('short\n', ...Array.from({ length: 20 }, () => chunk)));
    expect(fault.message).toBe('Line 2 of a.txt is longer than 64 MB.');
  });
});
