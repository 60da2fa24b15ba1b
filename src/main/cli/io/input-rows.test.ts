import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readInput, type InputRow } from './input-rows.ts';

async function fromStdin(
  text: string | Uint8Array[],
  columns: { text?: string; pair?: string } = {},
): Promise<InputRow[]> {
  const rows: InputRow[] = [];
  const input = readInput(
    { input: '-', textColumn: columns.text ?? 'text', textPairColumn: columns.pair },
    {
      signal: new AbortController().signal,
      say: () => undefined,
      stdin: Readable.from(typeof text === 'string' ? [Buffer.from(text)] : text),
    },
  );
  for await (const row of input) rows.push(row);
  return rows;
}

describe('stdin as input', () => {
  it('is a text a line when the first line is no JSON object, empty lines included', async () => {
    expect(await fromStdin('one\r\n\n{"text": "three"}\nfour')).toEqual([
      { file: 'stdin', row: 1, text: 'one' },
      { file: 'stdin', row: 2, text: '' },
      { file: 'stdin', row: 3, text: '{"text": "three"}' },
      { file: 'stdin', row: 4, text: 'four' },
    ]);
  });

  it('is JSON Lines when the first line is a JSON object', async () => {
    expect(await fromStdin('{"text":"a\u2028b"}\n{"text":"c","text_pair":"d"}\n')).toEqual([
      { file: 'stdin', row: 1, text: 'a\u2028b' },
      { file: 'stdin', row: 2, text: 'c', textPair: 'd' },
    ]);
  });

  it('reads characters that are cut by chunks', async () => {
    const bytes = Buffer.from('grüße\n');
    expect(await fromStdin([bytes.subarray(0, 3), bytes.subarray(3)])).toEqual([
      { file: 'stdin', row: 1, text: 'grüße' },
    ]);
  });

  it('takes rows with input_ids as tokenised', async () => {
    const [row] = await fromStdin('{"input_ids":[101,7,102],"token_type_ids":[0,0,0]}');
    expect(Array.from(row!.tokens!.inputIds)).toEqual([101, 7, 102]);
    expect(Array.from(row!.tokens!.tokenTypeIds!)).toEqual([0, 0, 0]);
  });

  it.each([
    ['{"text":"a"}\nnot json', /^Line 2 of stdin is not a JSON object: /],
    [
      `{"text":"a"}\n{"text":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      /^Line 2 of stdin .* over 100 levels deep\.$/,
    ],
    ['{"body":"a"}', /^Row 1 of stdin has no text in column "text"\.$/],
    ['{"input_ids":[1,-2]}', /^Row 1 of stdin: input_ids is not a list of whole numbers, 0 or more\.$/],
    ['{"input_ids":[]}', /^Row 1 of stdin: input_ids is empty\.$/],
    ['{"input_ids":[1],"token_type_ids":[0,0]}', /token_type_ids has 2 numbers, input_ids has 1\.$/],
  ])('refuses %j, naming the row', async (text, message) => {
    await expect(fromStdin(text)).rejects.toThrow(message);
  });

  it('names the line where bytes are not UTF-8', async () => {
    await expect(fromStdin([Buffer.from('ok\n'), Buffer.from([0xff, 0x0a])])).rejects.toThrow(
      'Line 2 of stdin',
    );
  });

  it('names the pair column when it was asked for and is missing', async () => {
    await expect(fromStdin('{"text":"a"}', { pair: 'answer' })).rejects.toThrow('no text in column "answer"');
  });
});
