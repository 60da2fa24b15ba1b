/** The parts of a tokenizer.json as transformers' classes build them from a vocabulary. */
import { z } from 'zod';
import { addedToken, tokenFields, type PlacedToken } from './added-tokens.ts';
import type { Family } from './tokenizer-class.ts';
import type { SpecialTokenRole, TokenizerSettings } from './tokenizer-settings.ts';

const typed = z.looseObject({ type: z.string().optional() });

const vocabularySchema = z.union([
  z.record(z.string(), z.int().nonnegative()),
  z.array(z.tuple([z.string(), z.number()]).readonly()).readonly(),
]);
export type Vocabulary = z.output<typeof vocabularySchema>;

/** What Graft reads of a tokenizer.json; all the rest goes to the tokenizers library as it stands. */
export const tokenizerDocument = z.looseObject({
  truncation: z.looseObject({ direction: z.enum(['Left', 'Right']).default('Right') }).nullish(),
  padding: z
    .looseObject({ direction: z.enum(['Left', 'Right']).default('Right'), pad_token: z.string() })
    .nullish(),
  added_tokens: z
    .array(
      tokenFields
        .extend({ id: z.int().nonnegative() })
        .transform(({ id, content, ...flags }): PlacedToken => ({ id, ...addedToken(content, flags) })),
    )
    .nullish()
    .transform((tokens) => tokens ?? []),
  normalizer: typed.nullish(),
  pre_tokenizer: typed.nullish(),
  post_processor: typed.nullish(),
  model: z.looseObject({
    type: z.string().optional(),
    unk_token: z.string().nullish(),
    unk_id: z.int().nullish(),
    vocab: vocabularySchema,
    merges: z
      .array(z.union([z.string(), z.array(z.string()).readonly()]))
      .readonly()
      .optional(),
  }),
});
export type TokenizerDocument = z.output<typeof tokenizerDocument>;

export type Parts = Pick<TokenizerDocument, 'normalizer' | 'pre_tokenizer' | 'post_processor' | 'model'> & {
  decoder: unknown;
};

/** Tokens with their scores, in the order of their ids. */
export type ScoredTokens = readonly (readonly [string, number])[];
export type TokenAndId = readonly [token: string, id: number];

/** What a family builds its parts of. */
export interface PartsInput {
  family: Family;
  vocabulary: ReadonlyMap<string, number>;
  scored: ScoredTokens;
  merges: readonly (readonly string[])[];
  options: TokenizerSettings['options'];
  /** The token of a role, an added one or one of the vocabulary, with its id. */
  token: (role: SpecialTokenRole) => TokenAndId;
  /** From the normalizer of tokenizer.json or of a SentencePiece model, in base64. */
  charsmap: string | null;
  /** The id of the unknown token where the vocabulary does not show it. */
  unknownId: number;
  ownFrame: TokenizerDocument['post_processor'];
}

/** What transformers' `BertTokenizer` (and `MPNetTokenizer`, whose frame is RoBERTa's) makes of a vocabulary. */
export function wordPieceParts({ vocabulary, token, options, family }: PartsInput): Parts {
  return {
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: options.tokenize_chinese_chars ?? true,
      // null: accents go exactly when the text is lower-cased, as in the original BERT.
      strip_accents: options.strip_accents ?? null,
      lowercase: options.do_lower_case ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor:
      family === 'mpnet'
        ? robertaFrame(token, true, false)
        : template(token('cls_token'), token('sep_token')),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: token('unk_token')[0],
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary),
    },
  };
}

/** What transformers' `RobertaTokenizer` makes of a vocabulary and its merges. */
export function byteLevelBpeParts({ vocabulary, merges, token, options }: PartsInput): Parts {
  const addPrefixSpace = options.add_prefix_space ?? false;
  return {
    normalizer: null,
    pre_tokenizer: byteLevel(addPrefixSpace),
    post_processor: robertaFrame(token, options.trim_offsets ?? true, addPrefixSpace),
    decoder: byteLevel(true),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary),
      merges,
    },
  };
}

function byteLevel(addPrefixSpace: boolean) {
  return { type: 'ByteLevel', add_prefix_space: addPrefixSpace, trim_offsets: true, use_regex: true };
}

/** What transformers' XLM-RoBERTa, CamemBERT, ALBERT and DeBERTa-v2 classes make of a Unigram vocabulary. */
export function unigramParts(input: PartsInput): Parts {
  const { family, options, token, scored, charsmap, ownFrame } = input;
  const addPrefixSpace = options.add_prefix_space ?? true;
  const isDeberta = family === 'deberta-v2';
  const scheme = addPrefixSpace ? 'always' : isDeberta ? 'first' : 'never';
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: scheme, split: true };
  const split = isDeberta
    ? options.split_by_punct === true && { type: 'Punctuation', behavior: 'Isolated' }
    : { type: 'WhitespaceSplit' };
  return {
    normalizer: normalizerOf(
      input,
      charsmap === null ? [] : [{ type: 'Precompiled', precompiled_charsmap: charsmap }],
    ),
    pre_tokenizer: { type: 'Sequence', pretokenizers: split ? [split, metaspace] : [metaspace] },
    post_processor:
      family === 'albert' && ownFrame != null
        ? ownFrame
        : family === 'albert' || isDeberta
          ? template(token('cls_token'), token('sep_token'))
          : template(token('bos_token'), token('eos_token'), true),
    decoder: metaspace,
    model: {
      type: 'Unigram',
      unk_id: unknownId(input),
      byte_fallback: false,
      vocab: scored,
    },
  };
}

function normalizerOf(
  { family, options }: PartsInput,
  charsmap: Record<string, unknown>[],
): TokenizerDocument['normalizer'] {
  if (family === 'albert') {
    return normalizers([
      { type: 'Replace', pattern: { String: '``' }, content: '"' },
      { type: 'Replace', pattern: { String: "''" }, content: '"' },
      ...(options.keep_accents === true ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
      ...(options.do_lower_case === false ? [] : [{ type: 'Lowercase' }]),
      ...charsmap,
    ]);
  }
  if (family === 'deberta-v2') {
    return normalizers([
      ...(options.do_lower_case === true ? [{ type: 'Lowercase' }] : []),
      { type: 'Replace', pattern: { Regex: '\\s{2,}|[\\n\\r\\t]' }, content: ' ' },
      { type: 'NFC' },
      { type: 'Strip', strip_left: false, strip_right: true },
    ]);
  }
  return charsmap[0] ?? null;
}

export const normalizers = (steps: object[]) => ({ type: 'Sequence', normalizers: steps });

/** Each class has its own way to find the unknown token. */
function unknownId({ family, token, unknownId: otherwise, scored }: PartsInput): number {
  const [unknown] = token('unk_token');
  switch (family) {
    case 'camembert':
      return Math.max(
        0,
        scored.findIndex(([piece]) => piece === unknown),
      );
    case 'deberta-v2': {
      const found = scored.findIndex(([piece, score]) => piece === unknown && score === 0);
      return found === -1 ? otherwise : found;
    }
    case 'albert':
      return 1;
    default:
      return 3;
  }
}

/**
 * `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]` with types 0 and 1; `doubled`: `<s> A </s>`, `<s> A </s> </s> B </s>`, all of
 * type 0.
 */
function template(first: TokenAndId, last: TokenAndId, doubled = false) {
  const second = doubled ? 0 : 1;
  const piece = ([id]: TokenAndId, typeId: number) => ({ SpecialToken: { id, type_id: typeId } });
  const text = (id: string, typeId: number) => ({ Sequence: { id, type_id: typeId } });
  const single = [piece(first, 0), text('A', 0), piece(last, 0)];
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, ...(doubled ? [piece(last, 0)] : []), text('B', second), piece(last, second)],
    special_tokens: Object.fromEntries(
      [first, last].map(([id, number]) => [id, { id, ids: [number], tokens: [id] }]),
    ),
  };
}

/** `TokenizersBackend.update_post_processor`: each text between the tokens that are asked for, a pair's second of type 1. */
export function sentenceFrame(before: readonly TokenAndId[], after: readonly TokenAndId[]) {
  const part = (id: 'A' | 'B', type_id: number) => [
    ...before.map(([token]) => ({ SpecialToken: { id: token, type_id } })),
    { Sequence: { id, type_id } },
    ...after.map(([token]) => ({ SpecialToken: { id: token, type_id } })),
  ];
  const special = [...before, ...after].map(
    ([id, number]) => [id, { id, ids: [number], tokens: [id] }] as const,
  );
  return {
    type: 'TemplateProcessing',
    single: part('A', 0),
    pair: [...part('A', 0), ...part('B', 1)],
    special_tokens: Object.fromEntries(special),
  };
}

function robertaFrame(token: PartsInput['token'], trimOffsets: boolean, addPrefixSpace: boolean) {
  return {
    type: 'RobertaProcessing',
    sep: token('sep_token'),
    cls: token('cls_token'),
    trim_offsets: trimOffsets,
    add_prefix_space: addPrefixSpace,
  };
}
