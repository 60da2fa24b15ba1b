import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { singleLabel } from '../../../shared/tasks/single-label.ts';
import { openTable } from '../data/table.ts';
import { temporaryFolder } from '../formats/test-support.ts';
import { answeredFile, freeNames, type FileQuestion } from './answered-file.ts';
import type { Answerer } from './answerer.ts';
import { countRows } from './count-rows.ts';

/** Says `long` of texts of more than four characters, both texts of a pair together. */
const answerer: Pick<Answerer, 'task' | 'labels' | 'logits'> = {
  task: singleLabel,
  labels: ['short', 'long'],
  logits: (texts) =>
    Promise.resolve(
      Float32Array.from(
        texts.flatMap(({ text, textPair = '' }) => (text.length + textPair.length > 4 ? [0, 2] : [2, 0])),
      ),
    ),
};

async function file(name: string, content: string): Promise<string> {
  const written = path.join(await temporaryFolder(), name);
  await writeFile(written, content);
  return written;
}

/** The file with the answers, beside the input. */
async function answered(input: string, change: Partial<FileQuestion> = {}): Promise<string> {
  const question: FileQuestion = {
    input,
    textColumn: 'text',
    textPairColumn: null,
    format: 'csv',
    ...change,
  };
  const output = path.join(path.dirname(input), `answers.${question.format}`);
  await writeFile(
    output,
    answeredFile(answerer, question, () => undefined),
  );
  return output;
}

async function rowsOf(table: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const { values } of (await openTable(table)).rows()) rows.push(values);
  return rows;
}

describe('a file with its answers', () => {
  it('keeps the columns of the input and adds label, score and a probability a label', async () => {
    const input = await file('in.csv', 'id,text\n1,"well, ""hello"""\n2,"two\nlines"\n3,a\n');
    const output = await answered(input);
    expect(await rowsOf(output)).toMatchObject([
      { id: '1', text: 'well, "hello"', label: 'long', score: '0.8807971' },
      { id: '2', text: 'two\nlines', label: 'long', probability_short: '0.1192029' },
      { id: '3', text: 'a', label: 'short', probability_long: '0.1192029' },
    ]);
  });

  it('is the same in CSV, JSON Lines and Parquet', async () => {
    const input = await file('in.csv', 'text,topic\nhello world,x\na,\n');
    const [csv, jsonl, parquet] = await Promise.all(
      (['csv', 'jsonl', 'parquet'] as const).map(async (format) => rowsOf(await answered(input, { format }))),
    );
    expect(jsonl).toEqual(parquet);
    expect(jsonl![0]).toEqual({
      text: 'hello world',
      topic: 'x',
      label: 'long',
      score: 0.8807971,
      probability_short: 0.1192029,
      probability_long: 0.8807971,
    });
    const asText = jsonl!.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value)])),
    );
    expect(csv).toEqual(asText);
  });

  it('keeps numbers, lists and gaps as they were', async () => {
    const input = await file(
      'in.jsonl',
      '{"text":"hello","n":1.5,"tags":["a"]}\n{"text":"a","n":null,"tags":[]}\n',
    );
    for (const format of ['jsonl', 'parquet'] as const) {
      expect(await rowsOf(await answered(input, { format }))).toMatchObject([
        { n: 1.5, tags: ['a'], label: 'long' },
        { n: null, tags: [], label: 'short' },
      ]);
    }
  });

  it('answers pairs, and many rows in their order', async () => {
    const lines = Array.from({ length: 700 }, (_, i) =>
      JSON.stringify({ text: 'abc', more: i % 3 === 0 ? 'defg' : '' }),
    );
    const rows = await rowsOf(
      await answered(await file('in.jsonl', lines.join('\n')), { textPairColumn: 'more', format: 'parquet' }),
    );
    expect(rows.map(({ label }) => label)).toEqual(lines.map((_, i) => (i % 3 === 0 ? 'long' : 'short')));
  });

  it('holds nothing in CSV that a spreadsheet computes, and reads back; elsewhere texts are as they were', async () => {
    const texts = [
      '=1+1',
      "=cmd|' /C calc'!A0",
      '+1 for this',
      '- good',
      '@user',
      '\t=1',
      '＝1',
      'a=1',
      '-5',
      '+2.5e3',
      "'tis",
    ];
    const input = await file('in.jsonl', texts.map((text) => JSON.stringify({ text, n: -5 })).join('\n'));
    const read = await rowsOf(await answered(input));
    expect(read.map(({ text }) => text)).toEqual(texts.map((text, i) => (i < 7 ? `'${text}` : text)));
    expect(read.every(({ n, label }) => n === '-5' && (label === 'long' || label === 'short'))).toBe(true);
    for (const format of ['jsonl', 'parquet'] as const)
      expect((await rowsOf(await answered(input, { format }))).map(({ text }) => text)).toEqual(texts);
  });

  it('renames its own columns where the file has them already', () => {
    const names = freeNames(['text', 'label', 'predicted_score', 'score'], singleLabel.cellNames(['a']));
    expect(names).toEqual(['predicted_label', 'predicted_score_2', 'probability_a']);
  });

  it('of a file without rows has its head only', async () => {
    const input = await file('in.csv', 'text,topic\n');
    expect(await readFile(await answered(input), 'utf8')).toBe(
      'text,topic,label,score,probability_short,probability_long\n',
    );
    expect(await rowsOf(await answered(input, { format: 'parquet' }))).toEqual([]);
  });
});

describe('a file that cannot be answered', () => {
  it('says which column there is none of, and which row has no text', async () => {
    const input = await file('in.jsonl', '{"text":"a"}\n{"text":null}\n');
    await expect(answered(input, { textColumn: 'body' })).rejects.toMatchObject({
      code: 'data/column-missing',
    });
    const refused = answered(input);
    await expect(refused).rejects.toMatchObject({ code: 'data/missing-text' });
    await expect(refused).rejects.toThrow(/2/);
  });

  it('says where a field comes up late or changes its type, which a table cannot hold', async () => {
    const many = Array.from({ length: 120 }, () => '{"text":"a","n":1}');
    const late = await file('late.jsonl', [...many, '{"text":"a","n":1,"extra":true}'].join('\n'));
    await expect(answered(late)).rejects.toMatchObject({ code: 'playground/late-column' });
    await expect(answered(late)).rejects.toThrow(/Row 121 .*"extra"/);
    expect((await rowsOf(await answered(late, { format: 'jsonl' }))).at(-1)).toMatchObject({ extra: true });
  });
});

describe('counting rows beforehand', () => {
  it('leaves out the head and the line ends inside quotes', async () => {
    expect(await countRows(await file('a.csv', 'text,b\n"one\ntwo",x\nthree,y\n'))).toBe(2);
    expect(await countRows(await file('a.jsonl', '{"text":"a"}\n{"text":"b"}'))).toBe(2);
    expect(await countRows(await file('a.txt', 'one\ntwo\n'))).toBe(2);
  });
});
