import { contentOf } from './added-tokens.ts';
import type { Parts, PartsInput } from './tokenizer-document.ts';
import { doubleTemplate, template } from './word-piece.ts';

type Normalizer = Record<string, unknown>;

/** Tokens with their scores, in the order of their ids. */
export type ScoredTokens = readonly (readonly [string, number])[];

/** What transformers' XLM-RoBERTa, CamemBERT, ALBERT and DeBERTa-v2 classes make of a Unigram vocabulary. */
export function unigramParts(input: PartsInput & { scored: ScoredTokens }): Parts {
  const { family, options, role, idOf, scored, charsmap, ownFrame } = input;
  const placed = (key: Parameters<typeof role>[0]): [string, number] => {
    const token = contentOf(role(key));
    return [token, idOf(token)];
  };
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
      family === 'albert'
        ? (ownFrame ?? template({ cls: placed('cls_token'), sep: placed('sep_token') }))
        : isDeberta
          ? template({ cls: placed('cls_token'), sep: placed('sep_token') })
          : doubleTemplate(placed('bos_token'), placed('eos_token')),
    decoder: metaspace,
    model: {
      type: 'Unigram',
      unk_id: unknownPlace(input),
      byte_fallback: false,
      vocab: scored,
    },
  };
}

function normalizerOf({ family, options }: PartsInput, charsmap: Normalizer[]): Normalizer | null {
  if (family === 'albert') {
    return sequence([
      { type: 'Replace', pattern: { String: '``' }, content: '"' },
      { type: 'Replace', pattern: { String: "''" }, content: '"' },
      ...(options.keep_accents === true ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
      ...(options.do_lower_case === false ? [] : [{ type: 'Lowercase' }]),
      ...charsmap,
    ]);
  }
  if (family === 'deberta-v2') {
    return sequence([
      ...(options.do_lower_case === true ? [{ type: 'Lowercase' }] : []),
      { type: 'Replace', pattern: { Regex: '\\s{2,}|[\\n\\r\\t]' }, content: ' ' },
      { type: 'NFC' },
      { type: 'Strip', strip_left: false, strip_right: true },
    ]);
  }
  return charsmap[0] ?? null;
}

const sequence = (normalizers: Normalizer[]): Normalizer => ({ type: 'Sequence', normalizers });

/** Each class has its own way to find the unknown token. */
function unknownPlace({ family, role, options, scored }: PartsInput & { scored: ScoredTokens }): number {
  const unknown = contentOf(role('unk_token'));
  const place = (at: (token: readonly [string, number]) => boolean) => scored.findIndex(at);
  switch (family) {
    case 'camembert':
      return Math.max(
        0,
        place(([token]) => token === unknown),
      );
    case 'deberta-v2': {
      const found = place(([token, score]) => token === unknown && score === 0);
      return found === -1 ? (options.unk_id ?? 1) : found;
    }
    case 'albert':
      return 1;
    default:
      return 3;
  }
}
