import type { Parts, PartsInput } from './tokenizer-document.ts';
import { contentOf } from './added-tokens.ts';

/** Token to id of a vocab.txt: a token a line, its id the line's number from 0; the last of equal tokens counts. */
export function readVocabText(text: string): Map<string, number> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  // The library cuts white space at the end of a line, and nothing else.
  return new Map(lines.map((line, id) => [line.replace(/\p{White_Space}+$/u, ''), id]));
}

/** What transformers' `BertTokenizer` (and `MPNetTokenizer`, whose frame is RoBERTa's) makes of a vocabulary. */
export function wordPieceParts({ vocabulary, role, idOf, options, family }: PartsInput): Parts {
  const [cls, sep] = [contentOf(role('cls_token')), contentOf(role('sep_token'))];
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
        ? robertaFrame([sep, idOf(sep)], [cls, idOf(cls)], true, false)
        : template({ cls: [cls, idOf(cls)], sep: [sep, idOf(sep)] }),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: contentOf(role('unk_token')),
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary),
    },
  };
}

type Placed = [token: string, id: number];

/** `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]`. */
export function template({ cls, sep }: { cls: Placed; sep: Placed }) {
  const piece = ([id]: Placed, typeId: number) => ({ SpecialToken: { id, type_id: typeId } });
  return {
    type: 'TemplateProcessing',
    single: [piece(cls, 0), sequence('A', 0), piece(sep, 0)],
    pair: [piece(cls, 0), sequence('A', 0), piece(sep, 0), sequence('B', 1), piece(sep, 1)],
    special_tokens: specialTokens(cls, sep),
  };
}

/** `<s> A </s>`, `<s> A </s> </s> B </s>`, all of type 0. */
export function doubleTemplate(bos: Placed, eos: Placed) {
  const piece = ([id]: Placed) => ({ SpecialToken: { id, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [piece(bos), sequence('A', 0), piece(eos)],
    pair: [piece(bos), sequence('A', 0), piece(eos), piece(eos), sequence('B', 0), piece(eos)],
    special_tokens: specialTokens(bos, eos),
  };
}

export function robertaFrame(sep: Placed, cls: Placed, trimOffsets: boolean, addPrefixSpace: boolean) {
  return {
    type: 'RobertaProcessing',
    sep,
    cls,
    trim_offsets: trimOffsets,
    add_prefix_space: addPrefixSpace,
  };
}

const sequence = (id: string, typeId: number) => ({ Sequence: { id, type_id: typeId } });
const specialTokens = (...tokens: Placed[]) =>
  Object.fromEntries(tokens.map(([id, place]) => [id, { id, ids: [place], tokens: [id] }]));
