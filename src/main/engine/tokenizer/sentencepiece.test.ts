import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../shared/faults/index.ts';
import { loadTokenizer } from './load-tokenizer.ts';
import { mergesOfPieces, readSentencePiece } from './sentencepiece.ts';

const model = (name: string): Buffer =>
  gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures/sentencepiece', `${name}.model.gz`)));

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graft-sentencepiece-'));
  file = join(folder, 'spm.model');
  await writeFile(join(folder, 'config.json'), '{"model_type":"deberta-v2"}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `read` ends with for a file of these bytes: an answer, or a fault that names the file. */
async function isAnsweredOrNamed(bytes: Uint8Array, read: () => Promise<unknown>): Promise<void> {
  await writeFile(file, bytes);
  try {
    await read();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.message).toContain(file);
  }
}

const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/** Bytes taken out, put in or overwritten, as lengths and tags that say something else. */
const damaged = (sound: Uint8Array) =>
  fc
    .array(fc.record({ at: position, cut: fc.nat(12), piece: fc.uint8Array({ maxLength: 12 }) }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) =>
      edits.reduce<Uint8Array>((bytes, { at, cut, piece }) => {
        const start = Math.floor(at * bytes.length);
        return Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(start + cut)]);
      }, sound),
    );

describe('a SentencePiece model', () => {
  it('has its pieces, what is added of them, and how unknown characters are met', async () => {
    await writeFile(file, model('bpe-nfkc'));
    const read = (await readSentencePiece(file))!;
    expect(read.pieces.slice(0, 4)).toEqual([
      ['<unk>', 0],
      ['<s>', 0],
      ['</s>', 0],
      ['<user>', 0],
    ]);
    expect(read.added).toEqual([
      { piece: '<s>', isControl: true },
      { piece: '</s>', isControl: true },
      { piece: '<user>', isControl: false },
    ]);
    expect(read).toMatchObject({ isUnigram: false, byteFallback: false, bos: '<s>', eos: '</s>' });
    expect(read.charsmap.length).toBeGreaterThan(1000);
    await writeFile(file, model('unigram-deberta'));
    expect(await readSentencePiece(file)).toMatchObject({
      isUnigram: true,
      byteFallback: true,
      unknown: { id: 3, piece: '[UNK]' },
      charsmap: '',
    });
  });

  it('is merged by the ids of its pieces, characters beyond 16 bits being one', () => {
    const pieces = ['a', 'b', '🙂', 'ab', 'a🙂', '🙂a', 'aba', 'ba'];
    const merges = mergesOfPieces(new Map(pieces.map((piece, id) => [piece, id])));
    expect(merges.map((pair) => pair.join(' '))).toEqual(['a b', 'a 🙂', '🙂 a', 'a ba', 'ab a', 'b a']);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', Buffer.alloc(0), /it has no pieces/],
    ['a web page', Buffer.from('<!doctype html><html></html>'), /it is no SentencePiece model/],
    [
      'a piece of a kilobyte',
      Buffer.concat([Buffer.from([10, 131, 8, 10, 128, 8]), Buffer.alloc(1024, 65)]),
      /1024 char/,
    ],
    ['a length beyond the end', Buffer.from([10, 255, 255, 255, 255, 15]), /it is no SentencePiece model/],
  ])('that is %s is refused with the reason', async (_, bytes, reason) => {
    await writeFile(file, bytes);
    const fault: unknown = await readSentencePiece(file).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Fault);
    expect((fault as Fault).code).toBe('tokenizer/unreadable');
    expect((fault as Fault).message).toMatch(reason);
  });

  it('of random bytes ends with an answer or a fault', async () => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      isAnsweredOrNamed(bytes, () => readSentencePiece(file)),
    );
    await fc.assert(property, { numRuns: 200 });
  });

  it.each(['unigram-deberta', 'bpe'])(
    'with damaged places ends with an answer or a fault: %s',
    async (name) => {
      const property = fc.asyncProperty(damaged(model(name)), (bytes) =>
        isAnsweredOrNamed(bytes, () => readSentencePiece(file)),
      );
      await fc.assert(property, { numRuns: 200 });
    },
  );

  it(
    'with damaged places tokenises or is named, whatever the library makes of it',
    { timeout: 60_000 },
    async () => {
      const property = fc.asyncProperty(damaged(model('unigram-deberta')), (bytes) =>
        isAnsweredOrNamed(bytes, async () =>
          (await loadTokenizer(folder)).encode([{ text: 'the food' }], {}),
        ),
      );
      await fc.assert(property, { numRuns: 60 });
    },
  );
});
