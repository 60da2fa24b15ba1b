import type { EncodeOptions, Encoding, Tokenizer } from 'tokenizers';
import { fault, type Fault } from '../../../shared/faults/index.ts';
import { tokenPlaces } from './token-places.ts';
import { keptPlaces } from './truncate-pair.ts';

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

/** Where a token stands in its input: UTF-16 units from `start` up to `end` of text 0 or 1; null for a special token. */
export interface TokenPlace {
  text: 0 | 1 | null;
  start: number;
  end: number;
}

/** A checkpoint's tokenizer; its ids are those of transformers. */
export interface TextTokenizer {
  /** One result an input, in order. Throws `tokenizer/…`. */
  encode(inputs: readonly TextInput[], options: TokenizeOptions): Promise<TokenIds[]>;
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
  /** What the folder's files say that has no effect, or another one than it seems. */
  readonly notes: readonly Fault[];
  /** The token of an id as the vocabulary writes it; empty for an id outside of it. */
  tokenText(id: number): string;
}

type Side = 'left' | 'right';

export interface TokenizerProperties {
  dir: string;
  files: string[];
  /** Null: a file says that there is none. */
  padToken: string | null | undefined;
  special: ReadonlySet<number>;
  unknownId: number | null;
  notes: readonly Fault[];
  modelMaxLength: number | null;
  hasTokenTypeIds: boolean;
  paddingSide: Side;
  truncationSide: Side;
}

// An encoding in flight takes about 100 bytes a token, so a batch is bounded in texts and in characters.
const BATCH_TEXTS = 256;
const BATCH_CHARACTERS = 2 ** 20;

/** A TextTokenizer over Hugging Face's own library. */
export class NativeTextTokenizer implements TextTokenizer {
  readonly padTokenTypeId = 0;
  readonly modelMaxLength: number | null;
  readonly hasTokenTypeIds: boolean;
  readonly vocabSize: number;
  readonly files: readonly string[];
  readonly special: ReadonlySet<number>;
  readonly unknownId: number | null;
  readonly notes: readonly Fault[];
  readonly #native: Tokenizer;
  readonly #properties: TokenizerProperties;
  /** Truncation is state of the native tokenizer, which work in flight would see change: one call at a time. */
  #lastCall: Promise<unknown> = Promise.resolve();

  constructor(native: Tokenizer, properties: TokenizerProperties) {
    this.#native = native;
    this.#properties = properties;
    this.modelMaxLength = properties.modelMaxLength;
    this.hasTokenTypeIds = properties.hasTokenTypeIds;
    this.vocabSize = native.getVocabSize(true);
    this.files = properties.files;
    this.special = properties.special;
    this.unknownId = properties.unknownId;
    this.notes = properties.notes;
  }

  get padTokenId(): number {
    const { padToken, dir } = this.#properties;
    const candidates = padToken === undefined ? ['[PAD]', '<pad>'] : padToken === null ? [] : [padToken];
    for (const token of candidates) {
      const id = this.#native.tokenToId(token);
      if (id !== null) return id;
    }
    throw fault('tokenizer/no-pad-token', { dir });
  }

  tokenText(id: number): string {
    return this.#native.idToToken(id) ?? '';
  }

  encode(inputs: readonly TextInput[], options: TokenizeOptions): Promise<TokenIds[]> {
    const result = this.#lastCall.then(() => this.#encodeNow(inputs, options));
    this.#lastCall = result.catch(() => undefined);
    return result;
  }

  places(input: TextInput, maxLength: number): Promise<TokenPlace[]> {
    const result = this.#lastCall.then(async () => {
      this.#native.disableTruncation();
      const encoding = await this.#native.encode(input.text, input.textPair ?? null);
      return tokenPlaces(encoding, input, maxLength, this.#properties.truncationSide);
    });
    this.#lastCall = result.catch(() => undefined);
    return result;
  }

  async #encodeNow(inputs: readonly TextInput[], options: TokenizeOptions): Promise<TokenIds[]> {
    const padding = options.padding ?? 'none';
    const maxLength = options.maxLength ?? (padding === 'max_length' ? this.#modelLimit() : undefined);
    const settings = { addSpecialTokens: options.addSpecialTokens ?? true };
    if (maxLength !== undefined) await this.#checkMaxLength(maxLength, inputs, settings);
    const encoded: TokenIds[] = [];
    for (const batch of batches(inputs)) {
      if (batch.some((input) => input.textPair !== undefined)) {
        encoded.push(...(await this.#encodePairs(batch, maxLength, settings)));
      } else {
        encoded.push(...(await this.#encodeTexts(batch, maxLength, settings)));
      }
    }
    if (padding === 'none') return encoded;
    const longest = encoded.reduce((length, ids) => Math.max(length, ids.inputIds.length), 0);
    const target = padding === 'max_length' && maxLength !== undefined ? maxLength : longest;
    return encoded.map((ids) => this.#pad(ids, target));
  }

  /** One token more than fits is asked for: the library stops reading early, and a cut text then looks like a whole one. */
  async #encodeTexts(batch: TextInput[], maxLength: number | undefined, settings: EncodeOptions) {
    if (maxLength === undefined) this.#native.disableTruncation();
    else this.#native.setTruncation(maxLength + 1, { direction: this.#properties.truncationSide });
    const texts = batch.map((input) => input.text);
    const encodings = await this.#native.encodeBatch(texts, settings);
    return encodings.map((encoding) => this.#cut(encoding, maxLength));
  }

  /** Pairs are cut here: the library stops reading a long text early, then shares the room by what it has read. */
  async #encodePairs(batch: TextInput[], maxLength: number | undefined, settings: EncodeOptions) {
    this.#native.disableTruncation();
    const encodings = await Promise.all(
      batch.map((input) => this.#native.encode(input.text, input.textPair ?? null, settings)),
    );
    return encodings.map((encoding) => this.#cut(encoding, maxLength));
  }

  #cut(encoding: Encoding, maxLength: number | undefined): TokenIds {
    const truncated = maxLength !== undefined && encoding.getLength() > maxLength;
    const ids = this.#toTokenIds(encoding, truncated);
    if (!truncated) return ids;
    const places = keptPlaces(encoding.getSequenceIds(), maxLength, this.#properties.truncationSide);
    const keep = (values: Int32Array) => Int32Array.from(places, (place) => values[place]!);
    return {
      inputIds: keep(ids.inputIds),
      attentionMask: keep(ids.attentionMask),
      ...(ids.tokenTypeIds && { tokenTypeIds: keep(ids.tokenTypeIds) }),
      truncated,
    };
  }

  #modelLimit(): number {
    if (this.modelMaxLength !== null) return this.modelMaxLength;
    throw fault('tokenizer/no-max-length', { dir: this.#properties.dir });
  }

  /** The library would leave a text whole, without a word, when its special tokens alone pass the limit. */
  async #checkMaxLength(maxLength: number, inputs: readonly TextInput[], settings: EncodeOptions) {
    this.#native.disableTruncation();
    const pair = inputs.some((input) => input.textPair !== undefined) ? '' : null;
    const specialTokens = (await this.#native.encode('', pair, settings)).getLength();
    if (maxLength < Math.max(1, specialTokens)) {
      throw fault('tokenizer/max-length-too-small', { maxLength, specialTokens });
    }
  }

  #toTokenIds(encoding: Encoding, truncated: boolean): TokenIds {
    const inputIds = Int32Array.from(encoding.getIds());
    return {
      inputIds,
      attentionMask: new Int32Array(inputIds.length).fill(1),
      ...(this.hasTokenTypeIds && { tokenTypeIds: Int32Array.from(encoding.getTypeIds()) }),
      truncated,
    };
  }

  #pad(ids: TokenIds, length: number): TokenIds {
    if (ids.inputIds.length >= length) return ids;
    const offset = this.#properties.paddingSide === 'left' ? length - ids.inputIds.length : 0;
    const extend = (values: Int32Array, filler: number): Int32Array => {
      const padded = new Int32Array(length).fill(filler);
      padded.set(values, offset);
      return padded;
    };
    return {
      inputIds: extend(ids.inputIds, this.padTokenId),
      attentionMask: extend(ids.attentionMask, 0),
      ...(ids.tokenTypeIds && { tokenTypeIds: extend(ids.tokenTypeIds, this.padTokenTypeId) }),
      truncated: ids.truncated,
    };
  }
}

function* batches(inputs: readonly TextInput[]): Generator<TextInput[]> {
  let batch: TextInput[] = [];
  let characters = 0;
  for (const input of inputs) {
    batch.push(input);
    characters += input.text.length + (input.textPair?.length ?? 0);
    if (batch.length === BATCH_TEXTS || characters >= BATCH_CHARACTERS) {
      yield batch;
      batch = [];
      characters = 0;
    }
  }
  if (batch.length > 0) yield batch;
}
