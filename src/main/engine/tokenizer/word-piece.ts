import { fault } from '../../../shared/faults/index.ts';
import { specialToken, type TokenizerDocument } from './tokenizer-document.ts';
import type { TokenizerSettings } from './tokenizer-settings.ts';

/**
 * The tokenizer.json that transformers' `BertTokenizer` makes of a vocab.txt (a token a line, its id the line's number
 * from 0). `file` names it in messages. Throws `tokenizer/missing-token`.
 */
export function wordPieceDocument(
  vocabText: string,
  file: string,
  settings: TokenizerSettings,
): TokenizerDocument {
  const lines = vocabText.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  const vocab = new Map(lines.map((token, id) => [token, id]));
  const require = (role: string, token: string): [token: string, id: number] => {
    const id = vocab.get(token);
    if (id === undefined) throw fault('tokenizer/missing-token', { file, role, token });
    return [token, id];
  };
  const [unknown] = require('unk_token', settings.unk_token ?? '[UNK]');
  const [cls, clsId] = require('cls_token', settings.cls_token ?? '[CLS]');
  const [sep, sepId] = require('sep_token', settings.sep_token ?? '[SEP]');
  const special = new Set([
    unknown,
    cls,
    sep,
    settings.pad_token ?? '[PAD]',
    settings.mask_token ?? '[MASK]',
  ]);
  const piece = (id: string, typeId: number) => ({ SpecialToken: { id, type_id: typeId } });
  const sequence = (id: string, typeId: number) => ({ Sequence: { id, type_id: typeId } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...special]
      .flatMap((token) => (vocab.has(token) ? [specialToken(token, vocab.get(token)!)] : []))
      .sort((a, b) => a.id - b.id),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: settings.tokenize_chinese_chars ?? true,
      // null: accents go exactly when the text is lower-cased, as in the original BERT.
      strip_accents: settings.strip_accents ?? null,
      lowercase: settings.do_lower_case ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [piece(cls, 0), sequence('A', 0), piece(sep, 0)],
      pair: [piece(cls, 0), sequence('A', 0), piece(sep, 0), sequence('B', 1), piece(sep, 1)],
      special_tokens: {
        [cls]: { id: cls, ids: [clsId], tokens: [cls] },
        [sep]: { id: sep, ids: [sepId], tokens: [sep] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unknown,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocab),
    },
  };
}
