import { Tokenizer, type EncodeOptions, type Encoding } from 'tokenizers';
import { fault } from '../../../shared/faults/index.ts';
import { contentOf } from './added-tokens.ts';
import { refuseGrowth } from './growth.ts';
import { readTokenizer, type ReadTokenizer } from './read-folder.ts';
import type { TextInput, TokenIds, TokenPlace } from './text-tokenizer.ts';
import { tokenPlaces } from './token-places.ts';
import type { Answer } from './tokenizer-messages.ts';
import { keptPlaces } from './truncate-pair.ts';

/** No normalizer or alphabet makes more of a character than this; what does would fill the memory. */
const MOST_TOKENS_PER_CHARACTER = 64;
const MOST_SPECIAL_TOKENS = 1024;

/**
 * A tokenizer of Hugging Face's own library. A file can make that library end the process, or keep it busy for ever: so
 * it is used only in a process that may be lost.
 */
export class NativeTokenizer {
  readonly facts: Answer<'open'>;
  readonly #native: Tokenizer;
  readonly #file: string;
  readonly #hasTokenTypeIds: boolean;
  readonly #side: 'left' | 'right';

  private constructor(native: Tokenizer, { source, settings }: ReadTokenizer, facts: Answer<'open'>) {
    this.#native = native;
    this.#file = source.file;
    this.#hasTokenTypeIds = settings.hasTokenTypeIds;
    this.#side = settings.truncationSide;
    this.facts = facts;
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
  async encode(inputs: TextInput[], maxLength: number | null, settings: EncodeOptions): Promise<TokenIds[]> {
    const encodings = await this.#encode(inputs, maxLength, settings);
    return encodings.map((encoding) => this.#cut(encoding, maxLength));
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
    for (const [i, encoding] of encodings.entries()) {
      const { text, textPair = '' } = inputs[i]!;
      const most = (text.length + textPair.length) * MOST_TOKENS_PER_CHARACTER + MOST_SPECIAL_TOKENS;
      const tokens = encoding.getLength();
      if (tokens > most) {
        const found = `${tokens} tokens of a text of ${text.length + textPair.length} characters`;
        throw fault('tokenizer/grows', { file: this.#file, key: 'the whole', found });
      }
    }
    return encodings;
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

  #cut(encoding: Encoding, maxLength: number | null): TokenIds {
    const truncated = maxLength !== null && encoding.getLength() > maxLength;
    const ids = this.#toTokenIds(encoding, truncated);
    if (!truncated) return ids;
    const places = keptPlaces(encoding.getSequenceIds(), maxLength, this.#side);
    const keep = (values: Int32Array) => Int32Array.from(places, (place) => values[place]!);
    return {
      inputIds: keep(ids.inputIds),
      attentionMask: keep(ids.attentionMask),
      ...(ids.tokenTypeIds && { tokenTypeIds: keep(ids.tokenTypeIds) }),
      truncated,
    };
  }

  #toTokenIds(encoding: Encoding, truncated: boolean): TokenIds {
    const inputIds = Int32Array.from(encoding.getIds());
    return {
      inputIds,
      attentionMask: new Int32Array(inputIds.length).fill(1),
      ...(this.#hasTokenTypeIds && { tokenTypeIds: Int32Array.from(encoding.getTypeIds()) }),
      truncated,
    };
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

/** Ids of special tokens, the unknown one apart. */
function specialIds({ built: { document, added, tokens } }: ReadTokenizer, native: Tokenizer) {
  const { unk_token: own, unk_id: place } = document.model;
  const named = tokens.get('unk_token') ?? own ?? undefined;
  const unknownId = named === undefined ? (place ?? null) : native.tokenToId(contentOf(named));
  const special = new Set(
    added.filter((token) => token.special && token.id !== unknownId).map(({ id }) => id),
  );
  return { special, unknownId };
}
