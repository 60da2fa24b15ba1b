import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../shared/faults/index.ts';
import { openParquet } from './parquet.ts';
import { openTable } from './table.ts';
import { consume, TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

/** Damaged Parquet can keep its decoder busy without end: it is given up after this. */
const PATIENCE_MS = 1000;
/** A Parquet file gets a thread of its own, twice: fewer runs. */
const runs = (extension: string, count: number) => (extension === 'parquet' ? count / 20 : count);

/** Reads the bytes as a file of this extension; anything but a fault fails the test. */
async function readAnyhow(extension: string, bytes: Uint8Array): Promise<void> {
  try {
    const file = await folder.write(`fuzz.${extension}`, bytes);
    await consume(extension === 'parquet' ? await openParquet(file, PATIENCE_MS) : await openTable(file));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.message).not.toBe('');
  }
}

interface Edit {
  at: number;
  cut: number;
  bytes: Uint8Array;
}
const edit = fc.record({ at: fc.nat(), cut: fc.nat(8), bytes: fc.uint8Array({ maxLength: 8 }) });
function mutate(sound: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let bytes = Buffer.from(sound);
  for (const { at, cut, bytes: put } of edits) {
    const position = at % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, position), put, bytes.subarray(position + cut)]);
  }
  return bytes;
}

const samples: Record<string, Uint8Array> = {
  csv: Buffer.from('label,text\n1,"a ""quoted"" text,\nof two lines"\n2,größer\n'),
  tsv: Buffer.from('label\ttext\nham\t"one"\nspam\tzwölf\n'),
  jsonl: Buffer.from('{"text":"größer","label":1}\n{"text":"b","input_ids":[1,2]}\n'),
  txt: Buffer.from('eins\nzwölf\n'),
  parquet: new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'text', data: ['one', 'two', 'three', null], type: 'STRING' },
        { name: 'label', data: [1, 2, 3, 1], type: 'INT32' },
      ],
    }),
  ),
};

describe.each(Object.keys(samples))('any bytes as .%s', (extension) => {
  it('are read, or refused with a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300, size: 'max' }), (bytes) =>
        readAnyhow(extension, bytes),
      ),
      { numRuns: runs(extension, 300) },
    );
  });

  it('are read, or refused with a fault, when they are a damaged file of that kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) =>
        readAnyhow(extension, mutate(samples[extension]!, edits)),
      ),
      { numRuns: runs(extension, 500) },
    );
  });

  it('are read, or refused with a fault, when they are odd text', async () => {
    const letters = fc.constantFrom(
      'a',
      ',',
      '"',
      '\n',
      '\r',
      '\t',
      ';',
      '{',
      '}',
      ':',
      ' ',
      'é',
      '\ufeff',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(letters, { maxLength: 60 }), (parts) =>
        readAnyhow(extension, Buffer.from(parts.join(''))),
      ),
      { numRuns: runs(extension, 300) },
    );
  });
});
