import { fault } from '../../../shared/faults/index.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { askTokenizer } from './tokenizer-host.ts';
import type { Answer, Question } from './tokenizer-messages.ts';

export interface TextInput {
  text: string;
  textPair?: string;
}

export interface TokenizeOptions {
  /** Cut to this many tokens, special ones included; of a pair, the longer text first. Without it nothing is cut. */
  maxLength?: number;
  /** `longest` pads to the longest input of the call; `max_length` to maxLength, else to the model's limit. */
  padding?: 'none' | 'longest' | 'max_length';
  addSpecialTokens?: boolean;
}

/** One input, as the model takes it. All arrays have the same length. */
export interface TokenIds {
  inputIds: Int32Array;
  /** 1 for a token, 0 for padding. */
  attentionMask: Int32Array;
  tokenTypeIds?: Int32Array;
  /** Whether the input was longer than maxLength. */
  truncated: boolean;
}

export interface WordTokenIds extends TokenIds {
  /** The word that each token is a piece of, from 0; -1 for a special token. A word may have no token. */
  wordIds: Int32Array;
}

/** What part of its input a token is: UTF-16 units from `start` up to `end` of text 0 or 1; null for a special token. */
export interface TokenPlace {
  text: 0 | 1 | null;
  start: number;
  end: number;
}

/** A checkpoint's tokenizer; its ids are those of transformers. */
export interface TextTokenizer {
  /** One result an input, in order. Throws `tokenizer/…`. */
  encode(inputs: readonly TextInput[], options: TokenizeOptions): Promise<TokenIds[]>;
  /**
   * Texts that come as words, as `is_split_into_words` of transformers takes them; each is cut to `maxLength` tokens.
   * `leadingSpace`: words of a byte-level tokenizer are written as they stand in a text, behind a space, whether or not
   * its files say so (`add_prefix_space`). Throws `tokenizer/…`.
   */
  encodeWords(
    texts: readonly (readonly string[])[],
    options: { maxLength?: number; leadingSpace?: boolean },
  ): Promise<WordTokenIds[]>;
  /**
   * How many tokens each input has, special ones included; nothing is cut. Batches are read ahead, so that `inputs` is
   * asked for the next while one is counted. `onCounted` is told how many are done. Throws `tokenizer/…`.
   */
  count(inputs: Iterable<TextInput>, onCounted: (lengths: Int32Array, done: number) => void): Promise<void>;
  /** The places of the tokens that `encode` gives for one input cut to `maxLength`, in their order. */
  places(input: TextInput, maxLength: number): Promise<TokenPlace[]>;
  /** Throws `tokenizer/no-pad-token` where there is none. */
  readonly padTokenId: number;
  readonly padTokenTypeId: number;
  /** The longest input of the model in tokens; null where tokenizer_config.json names none. */
  readonly modelMaxLength: number | null;
  readonly hasTokenTypeIds: boolean;
  /** Added tokens included. */
  readonly vocabSize: number;
  /** The tokenizer's files, absolute, to be copied beside an exported model. */
  readonly files: readonly string[];
  /** Ids of special tokens, the unknown one apart; null where there is none. */
  readonly special: ReadonlySet<number>;
  readonly unknownId: number | null;
  /** Stands for a hidden word. */
  readonly maskId: number | null;
  /** What the folder's files say that has no effect, or another one than it seems. */
  readonly notes: readonly FaultValue[];
  /** The tokens of ids as the vocabulary writes them; empty for an id outside of it. */
  tokenTexts(ids: readonly number[]): Promise<string[]>;
}

// An encoding in flight takes about 100 bytes a token, so a batch is bounded in texts and in characters.
const BATCH_TEXTS = 256;
/** Of which only the number of tokens comes back. */
const COUNTED_TEXTS = 1024;
const BATCH_CHARACTERS = 2 ** 20;
const PAD_TYPE = 0;

/** A TextTokenizer in the process that holds them. */
export function processTokenizer(
  dir: string,
  files: readonly string[],
  { frame, paddingSide, padTokenId, ...told }: Answer<'open'>,
): TextTokenizer {
  const ask = <Asked extends Question>(question: Asked): Promise<Answer<Asked['kind']>> =>
    askTokenizer(question, files[0] ?? dir);

  const padded = (ids: TokenIds, length: number, padding: number): TokenIds => {
    if (ids.inputIds.length >= length) return ids;
    const offset = paddingSide === 'left' ? length - ids.inputIds.length : 0;
    const extend = (values: Int32Array, filler: number): Int32Array => {
      const extended = new Int32Array(length).fill(filler);
      extended.set(values, offset);
      return extended;
    };
    return {
      inputIds: extend(ids.inputIds, padding),
      attentionMask: extend(ids.attentionMask, 0),
      ...(ids.tokenTypeIds && { tokenTypeIds: extend(ids.tokenTypeIds, PAD_TYPE) }),
      truncated: ids.truncated,
    };
  };

  return {
    ...told,
    files,
    padTokenTypeId: PAD_TYPE,
    get padTokenId() {
      if (padTokenId === null) throw fault('tokenizer/no-pad-token', { dir });
      return padTokenId;
    },
    tokenTexts: (ids) => ask({ kind: 'texts', folder: dir, ids: [...ids] }),
    places: (input, maxLength) => ask({ kind: 'places', folder: dir, input, maxLength }),
    async encode(inputs, { padding = 'none', addSpecialTokens = true, maxLength: given }) {
      if (padding === 'max_length' && given === undefined && told.modelMaxLength === null)
        throw fault('tokenizer/no-max-length', { dir });
      const maxLength = given ?? (padding === 'max_length' ? told.modelMaxLength : null);
      const isPair = inputs.some((input) => input.textPair !== undefined);
      refuseTooShort(maxLength, addSpecialTokens ? frame[isPair ? 'pair' : 'single'] : 0);
      const encoded: TokenIds[] = [];
      for (const batch of batches(inputs, charactersOf)) {
        const answer = await ask({ kind: 'encode', folder: dir, inputs: batch, maxLength, addSpecialTokens });
        for (const ids of unpacked(answer)) encoded.push(ids);
      }
      if (padding === 'none') return encoded;
      const longest = encoded.reduce((length, ids) => Math.max(length, ids.inputIds.length), 0);
      const target = padding === 'max_length' && maxLength !== null ? maxLength : longest;
      return encoded.map((ids) => padded(ids, target, this.padTokenId));
    },
    async encodeWords(texts, { maxLength = null, leadingSpace = false }) {
      refuseTooShort(maxLength, frame.single);
      const encoded: WordTokenIds[] = [];
      for (const batch of batches(texts, (words) => words.join('').length)) {
        const asked = { texts: batch.map((words) => [...words]), maxLength, leadingSpace };
        const { words, ...answer } = await ask({ kind: 'words', folder: dir, ...asked });
        let at = 0;
        for (const ids of unpacked(answer))
          encoded.push({ ...ids, wordIds: words.slice(at, (at += ids.inputIds.length)) });
      }
      return encoded;
    },
    async count(inputs, onCounted) {
      let done = 0;
      let counting: Promise<Int32Array> | undefined;
      const settle = async (): Promise<void> => {
        const lengths = await counting;
        if (lengths) onCounted(lengths, (done += lengths.length));
      };
      for (const batch of batches(inputs, charactersOf, COUNTED_TEXTS)) {
        const next = ask({ kind: 'count', folder: dir, inputs: batch });
        // A failure of this one is met when its turn comes.
        next.catch(() => undefined);
        await settle();
        counting = next;
      }
      await settle();
    },
  };
}

function* unpacked({ lengths, ids, types, truncated }: Answer<'encode'>): Generator<TokenIds> {
  let at = 0;
  for (const [i, length] of lengths.entries()) {
    yield {
      inputIds: ids.slice(at, at + length),
      attentionMask: new Int32Array(length).fill(1),
      ...(types && { tokenTypeIds: types.slice(at, at + length) }),
      truncated: truncated[i] === 1,
    };
    at += length;
  }
}

/** The library would leave a text whole, without a word, when its special tokens alone pass the limit. */
function refuseTooShort(maxLength: number | null, specialTokens: number): void {
  if (maxLength !== null && maxLength < Math.max(1, specialTokens))
    throw fault('tokenizer/max-length-too-small', { maxLength, specialTokens });
}

const charactersOf = ({ text, textPair = '' }: TextInput): number => text.length + textPair.length;

function* batches<Input>(
  inputs: Iterable<Input>,
  sizeOf: (input: Input) => number,
  most = BATCH_TEXTS,
): Generator<Input[]> {
  let batch: Input[] = [];
  let characters = 0;
  for (const input of inputs) {
    batch.push(input);
    characters += sizeOf(input);
    if (batch.length === most || characters >= BATCH_CHARACTERS) {
      yield batch;
      batch = [];
      characters = 0;
    }
  }
  if (batch.length > 0) yield batch;
}
