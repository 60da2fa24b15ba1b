import { Tokenizer, type EncodeOptions, type Encoding } from 'tokenizers';
import { fault } from '../../../shared/faults/index.ts';
import { contentOf } from './added-tokens.ts';
import { refuseGrowth } from './growth.ts';
import { readTokenizer, type ReadTokenizer } from './read-folder.ts';
import type { TextInput, TokenPlace } from './text-tokenizer.ts';
import type { Answer } from './tokenizer-messages.ts';

/** No normalizer or alphabet makes more of a character than this; what does would fill the memory. */
const MOST_TOKENS_PER_CHARACTER = 64;
const MOST_SPECIAL_TOKENS = 1024;

/**
 * A tokenizer of Hugging Face's own library. A file can make that library end the process, or keep it busy for ever: so
 * it is used only in a process that may be lost.
 */
export class NativeTokenizer {
  readonly opened: Answer<'open'>;
  readonly #native: Tokenizer;
  readonly #file: string;
  readonly #hasTokenTypeIds: boolean;
  readonly #side: 'left' | 'right';
  /** Whether a word is written otherwise behind a space. */
  readonly #knowsSpaces: boolean;

  private constructor(native: Tokenizer, { source, settings, built }: ReadTokenizer, opened: Answer<'open'>) {
    this.#native = native;
    this.#file = source.file;
    this.#hasTokenTypeIds = settings.hasTokenTypeIds;
    this.#side = settings.truncationSide;
    this.#knowsSpaces = /"type":"ByteLevel"/.test(JSON.stringify(built.document.pre_tokenizer));
    this.opened = opened;
  }

  /** Throws `tokenizer/…` and `files/unreadable`. */
  static async open(dir: string): Promise<NativeTokenizer> {
    const read = await readTokenizer(dir);
    const { source, settings, built } = read;
    const { document } = built;
    refuseGrowth(document, source.file);
    let native: Tokenizer;
    try {
      // Special tokens that are to be split like any text are not looked for.
      const matched = settings.options.split_special_tokens === true ? [] : document.added_tokens;
      native = Tokenizer.fromString(JSON.stringify({ ...document, added_tokens: matched }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw fault('tokenizer/unreadable', { file: source.file, reason }, error);
    }
    const frame = {
      single: (await native.encode('')).getLength(),
      pair: (await native.encode('', '')).getLength(),
    };
    return new NativeTokenizer(native, read, {
      frame,
      vocabSize: native.getVocabSize(true),
      padTokenId: padTokenId(read, native),
      ...specialIds(read, native),
      notes: settings.notes.map((note) => note.toJSON()),
      modelMaxLength: settings.modelMaxLength,
      hasTokenTypeIds: settings.hasTokenTypeIds,
      paddingSide: settings.paddingSide,
    });
  }

  /** One result an input, in order. */
  async encode(
    inputs: TextInput[],
    maxLength: number | null,
    settings: EncodeOptions,
  ): Promise<Answer<'encode'>> {
    const encodings = await this.#encode(inputs, maxLength, settings);
    const rows = encodings.map((encoding) => {
      const truncated = maxLength !== null && encoding.getLength() > maxLength;
      const kept = truncated ? keptTokens(encoding.getSequenceIds(), maxLength, this.#side) : null;
      const keep = (values: number[]): number[] => (kept ? kept.map((index) => values[index]!) : values);
      const types = this.#hasTokenTypeIds ? keep(encoding.getTypeIds()) : [];
      return { ids: keep(encoding.getIds()), types, truncated };
    });
    return {
      lengths: Int32Array.from(rows, ({ ids }) => ids.length),
      ids: Int32Array.from(rows.flatMap(({ ids }) => ids)),
      types: this.#hasTokenTypeIds ? Int32Array.from(rows.flatMap(({ types }) => types)) : null,
      truncated: Int32Array.from(rows, ({ truncated }) => Number(truncated)),
    };
  }

  /** Texts that come as words, one result each, with the word of each token; -1: a special token. */
  async words(
    texts: readonly (readonly string[])[],
    maxLength: number | null,
    leadingSpace: boolean,
  ): Promise<Answer<'words'>> {
    // The library's binding takes whole texts only; like the library itself, this makes each word's tokens apart.
    this.#native.disableTruncation();
    const spaced = leadingSpace && this.#knowsSpaces;
    const words = texts.flat().map((word) => (spaced && /^[^ ]/.test(word) ? ` ${word}` : word));
    const encodings =
      words.length === 0 ? [] : await this.#native.encodeBatch(words, { addSpecialTokens: false });
    this.#refuseGrowth(encodings, (i) => words[i]!.length);
    const { before, after, type } = await this.#frame(
      words[encodings.findIndex((e) => e.getLength() > 0)] ?? '',
    );
    const special = before.length + after.length;
    let at = 0;
    const rows = texts.map(({ length }) => {
      const tokens = encodings
        .slice(at, (at += length))
        .flatMap((encoding, word) => encoding.getIds().map((id) => [id, type, word] as const));
      const room = maxLength === null ? tokens.length : Math.min(tokens.length, maxLength - special);
      const from = this.#side === 'right' ? 0 : tokens.length - room;
      const kept = tokens.slice(from, from + room);
      return { tokens: [...before, ...kept, ...after], truncated: room < tokens.length };
    });
    const column = (key: 0 | 1 | 2) =>
      Int32Array.from(rows.flatMap(({ tokens }) => tokens.map((token) => token[key])));
    return {
      lengths: Int32Array.from(rows, ({ tokens }) => tokens.length),
      ids: column(0),
      types: this.#hasTokenTypeIds ? column(1) : null,
      words: column(2),
      truncated: Int32Array.from(rows, ({ truncated }) => Number(truncated)),
    };
  }

  /** The special tokens around a text, each with its id, its type and no word, and the type of the text's own tokens. */
  async #frame(text: string) {
    const encoding = await this.#native.encode(text);
    const [ids, types, sequences] = [encoding.getIds(), encoding.getTypeIds(), encoding.getSequenceIds()];
    const start = sequences.findIndex((sequence) => sequence != null);
    const end = sequences.findLastIndex((sequence) => sequence != null);
    const tokens = ids.map((id, i) => [id, types[i]!, -1] as const);
    return {
      before: tokens.slice(0, Math.max(0, start)),
      after: tokens.slice(end + 1),
      type: types[start] ?? 0,
    };
  }

  /** Tokens of each input. Their ids stay in the library: making arrays of them takes longer than counting. */
  async count(inputs: TextInput[]): Promise<Int32Array> {
    const encodings = await this.#encode(inputs, null, { addSpecialTokens: true });
    return Int32Array.from(encodings, (encoding) => encoding.getLength());
  }

  async #encode(inputs: TextInput[], maxLength: number | null, settings: EncodeOptions): Promise<Encoding[]> {
    const isPair = inputs.some((input) => input.textPair !== undefined);
    const encodings = isPair
      ? await this.#encodePairs(inputs, settings)
      : await this.#encodeTexts(inputs, maxLength, settings);
    this.#refuseGrowth(encodings, (i) => inputs[i]!.text.length + (inputs[i]!.textPair?.length ?? 0));
    return encodings;
  }

  #refuseGrowth(encodings: readonly Encoding[], characters: (input: number) => number): void {
    for (const [i, encoding] of encodings.entries()) {
      const tokens = encoding.getLength();
      if (tokens <= characters(i) * MOST_TOKENS_PER_CHARACTER + MOST_SPECIAL_TOKENS) continue;
      const found = `${tokens} tokens of a text of ${characters(i)} characters`;
      throw fault('tokenizer/grows', { file: this.#file, key: 'the whole', found });
    }
  }

  async places(input: TextInput, maxLength: number): Promise<TokenPlace[]> {
    this.#native.disableTruncation();
    const encoding = await this.#native.encode(input.text, input.textPair ?? null);
    return tokenPlaces(encoding, input, maxLength, this.#side);
  }

  /** The tokens of ids as the vocabulary writes them; empty for an id outside of it. */
  texts(ids: readonly number[]): string[] {
    return ids.map((id) => this.#native.idToToken(id) ?? '');
  }

  /** One token more than fits is asked for: the library stops reading early, and a cut text then looks like a whole one. */
  #encodeTexts(batch: TextInput[], maxLength: number | null, settings: EncodeOptions) {
    if (maxLength === null) this.#native.disableTruncation();
    else this.#native.setTruncation(maxLength + 1, { direction: this.#side });
    const texts = batch.map((input) => input.text);
    return this.#native.encodeBatch(texts, settings);
  }

  /** Pairs are cut here: the library stops reading a long text early, then shares the room by what it has read. */
  #encodePairs(batch: TextInput[], settings: EncodeOptions) {
    this.#native.disableTruncation();
    return Promise.all(
      batch.map((input) => this.#native.encode(input.text, input.textPair ?? null, settings)),
    );
  }
}

function padTokenId({ source, built }: ReadTokenizer, native: Tokenizer): number | null {
  const named = built.tokens.get('pad_token');
  if (named === null) return null;
  const given = named ?? source.document?.padding?.pad_token;
  for (const token of given === undefined ? ['[PAD]', '<pad>'] : [contentOf(given)]) {
    const id = native.tokenToId(token);
    if (id !== null) return id;
  }
  return null;
}

/** Ids of special tokens, the unknown one apart, and of those that stand for words. */
function specialIds({ built: { document, added, tokens } }: ReadTokenizer, native: Tokenizer) {
  const { unk_token: own, unk_id: given } = document.model;
  const named = tokens.get('unk_token') ?? own ?? undefined;
  const unknownId = named === undefined ? (given ?? null) : native.tokenToId(contentOf(named));
  const special = new Set(
    added.filter((token) => token.special && token.id !== unknownId).map(({ id }) => id),
  );
  const mask = tokens.get('mask_token');
  return { special, unknownId, maskId: mask == null ? null : native.tokenToId(contentOf(mask)) };
}

/** Where the tokens of an input stand in it, less those that a cut to `maxLength` takes. The library counts code points. */
function tokenPlaces(
  encoding: Encoding,
  input: TextInput,
  maxLength: number,
  side: 'left' | 'right',
): TokenPlace[] {
  const sequences = encoding.getSequenceIds();
  const offsets = encoding.getOffsets();
  const units = [unitsBefore(input.text), unitsBefore(input.textPair ?? '')] as const;
  const kept = sequences.length > maxLength ? keptTokens(sequences, maxLength, side) : [...sequences.keys()];
  return kept.map((index) => {
    const text = sequences[index] ?? null;
    if (text !== 0 && text !== 1) return { text: null, start: 0, end: 0 };
    const [start = 0, end = 0] = offsets[index] ?? [];
    return { text, start: units[text][start] ?? 0, end: units[text][end] ?? 0 };
  });
}

/** UTF-16 units before each code point, and behind the last. */
function unitsBefore(text: string): number[] {
  const units = [0];
  for (const character of text) units.push(units.at(-1)! + character.length);
  return units;
}

/**
 * How many tokens of each text of a pair stay, `budget` being the room beside the special tokens: transformers'
 * `longest_first`, as tokenizers' truncation.rs computes it. A shorter text of at most half the room stays whole.
 */
export function pairLengths(first: number, second: number, budget: number): [first: number, second: number] {
  if (first + second <= budget) return [first, second];
  const shorter = Math.min(first, second, Math.floor(budget / 2));
  return first <= second ? [shorter, budget - shorter] : [budget - shorter, shorter];
}

/**
 * Indices of the tokens of an encoded pair that stay when it is cut to `maxLength`: all special tokens, and of each text its
 * beginning (`side` 'right') or its end ('left'). `sequences`: 0, 1, or null for a special token, a place.
 */
export function keptTokens(
  sequences: readonly (number | null | undefined)[],
  maxLength: number,
  side: 'left' | 'right',
): number[] {
  const tokensOf = (sequence: number) => sequences.flatMap((of, index) => (of === sequence ? [index] : []));
  const texts = [tokensOf(0), tokensOf(1)] as const;
  const specialTokens = sequences.length - texts[0].length - texts[1].length;
  const lengths = pairLengths(texts[0].length, texts[1].length, maxLength - specialTokens);
  const kept = new Set(
    texts.flatMap((text, i) =>
      side === 'right' ? text.slice(0, lengths[i]) : text.slice(text.length - lengths[i]!),
    ),
  );
  return [...sequences.keys()].filter((index) => kept.has(index) || sequences[index] == null);
}
