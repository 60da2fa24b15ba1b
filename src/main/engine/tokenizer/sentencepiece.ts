import protobuf from 'protobufjs';
import { fault } from '../../../shared/faults/index.ts';
import { readFileBytes } from './files.ts';
import type { ScoredTokens } from './parts.ts';

/** What transformers' `SentencePieceExtractor` takes of a SentencePiece model. */
export interface SentencePieceModel {
  /** Pieces with their scores, in the order of their ids. */
  pieces: ScoredTokens;
  /** Control pieces are special tokens, user-defined ones are not. */
  added: readonly { piece: string; isControl: boolean }[];
  isUnigram: boolean;
  byteFallback: boolean;
  unknown: { id: number; piece: string };
  /** Null where the model has none. */
  bos: string | null;
  eos: string | null;
  /** The compiled normaliser in base64, empty where texts stay as they are. */
  charsmap: string;
}

const UNIGRAM = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
/** The largest models have 256,000 pieces of at most a few dozen characters. */
const MOST_PIECES = 2 ** 21;
const LONGEST_PIECE = 256;

/**
 * A `.model` file of SentencePiece, or null where it does not exist. Fields are numbered as in sentencepiece_model.proto.
 * Throws `tokenizer/unreadable`, `files/unreadable`.
 */
export async function readSentencePiece(file: string): Promise<SentencePieceModel | null> {
  const bytes = await readFileBytes(file);
  if (bytes === null) return null;
  const damaged = (reason: string, cause?: unknown) => fault('tokenizer/unreadable', { file, reason }, cause);
  const types: number[] = [];
  const pieces: [string, number][] = [];
  const trainer = { type: UNIGRAM, byteFallback: false, unknown: 0, bos: 1, eos: 2 };
  const names = { unknown: '<unk>', bos: '<s>', eos: '</s>' };
  let charsmap: Uint8Array = new Uint8Array();
  const reader = protobuf.Reader.create(bytes);
  const nested = (fields: Fields) => (): void => readMessage(reader, reader.uint32() + reader.pos, fields);
  const piece = nested({
    [field(1, BYTES)]: () => (pieces.at(-1)![0] = reader.string()),
    [field(2, FIXED)]: () => (pieces.at(-1)![1] = reader.float()),
    [field(3, NUMBER)]: () => (types[types.length - 1] = reader.int32()),
  });
  try {
    readMessage(reader, reader.len, {
      [field(1, BYTES)]: () => {
        pieces.push(['', 0]);
        types.push(1);
        if (pieces.length > MOST_PIECES) throw new RangeError(`it has more than ${MOST_PIECES} pieces`);
        piece();
      },
      [field(2, BYTES)]: nested({
        [field(3, NUMBER)]: () => (trainer.type = reader.int32()),
        [field(35, NUMBER)]: () => (trainer.byteFallback = reader.bool()),
        [field(40, NUMBER)]: () => (trainer.unknown = reader.int32()),
        [field(41, NUMBER)]: () => (trainer.bos = reader.int32()),
        [field(42, NUMBER)]: () => (trainer.eos = reader.int32()),
        [field(45, BYTES)]: () => (names.unknown = reader.string()),
        [field(46, BYTES)]: () => (names.bos = reader.string()),
        [field(47, BYTES)]: () => (names.eos = reader.string()),
      }),
      [field(3, BYTES)]: nested({ [field(2, BYTES)]: () => (charsmap = reader.bytes()) }),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw damaged(`it is no SentencePiece model: ${reason}`, error);
  }
  if (pieces.length === 0) throw damaged('it is no SentencePiece model: it has no pieces');
  const longest = pieces.find(([text]) => text.length > LONGEST_PIECE);
  if (longest) throw damaged(`one of its pieces has ${longest[0].length} characters`);
  return {
    pieces,
    added: pieces.flatMap(([text], id) => {
      const isControl = types[id] === CONTROL;
      return isControl || types[id] === USER_DEFINED ? [{ piece: text, isControl }] : [];
    }),
    isUnigram: trainer.type === UNIGRAM,
    byteFallback: trainer.byteFallback,
    unknown: { id: trainer.unknown, piece: names.unknown },
    bos: trainer.bos < 0 ? null : names.bos,
    eos: trainer.eos < 0 ? null : names.eos,
    charsmap: Buffer.from(charsmap).toString('base64'),
  };
}

/** Wire types of protobuf. */
const NUMBER = 0;
const BYTES = 2;
const FIXED = 5;
const field = (number: number, wireType: number): number => number * 8 + wireType;

/** What is done with each field of a message; others are skipped. */
type Fields = Readonly<Record<number, () => void>>;

function readMessage(reader: protobuf.Reader, end: number, fields: Fields): void {
  if (end > reader.len) throw new RangeError('a part of it is cut off');
  while (reader.pos < end) {
    const tag = reader.uint32();
    const read = fields[tag];
    if (read) read();
    else reader.skipType(tag % 8);
  }
  if (reader.pos !== end) throw new RangeError('a part of it is longer than it says');
}

/**
 * The merges of a BPE vocabulary, in the order in which transformers' `generate_merges` has them: every way to make a
 * piece of two others, by the piece's id, then by the characters of the first half.
 */
export function mergesOfPieces(vocabulary: ReadonlyMap<string, number>): [string, string][] {
  const merges: { pair: [string, string]; id: number }[] = [];
  for (const [piece, id] of vocabulary) {
    let at = 0;
    for (const character of piece) {
      const pair: [string, string] = [piece.slice(0, (at += character.length)), piece.slice(at)];
      if (vocabulary.has(pair[0]) && vocabulary.has(pair[1])) merges.push({ pair, id });
    }
  }
  // Of one piece, those with the shorter first half come first as they are; the sort is stable.
  return merges.sort((a, b) => a.id - b.id).map(({ pair }) => pair);
}
