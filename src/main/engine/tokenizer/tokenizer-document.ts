import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { addedToken, contentOf, placeTokens, type NamedToken, type PlacedToken } from './added-tokens.ts';
import {
  byteLevelBpeParts,
  normalizers,
  sentenceFrame,
  unigramParts,
  wordPieceParts,
  type Parts,
  type PartsInput,
  type ScoredTokens,
  type TokenAndId,
  type TokenizerDocument,
  type Vocabulary,
} from './parts.ts';
import { mergesOfPieces, type SentencePieceModel } from './sentencepiece.ts';
import type { Family, TokenizerClass } from './tokenizer-class.ts';
import {
  ROLES,
  type DocumentSettings,
  type SpecialTokenRole,
  type TokenizerSettings,
} from './tokenizer-settings.ts';

/** A vocabulary and where it stands. */
export interface VocabularySource {
  file: string;
  vocab: Vocabulary;
  merges: readonly (readonly string[])[];
  /** The whole tokenizer.json, where that is the source. */
  document: TokenizerDocument | null;
  /** The whole model, where a file of SentencePiece is the source; `vocab` then holds its pieces. */
  sentencePiece: SentencePieceModel | null;
}

const mask = addedToken('<mask>', { lstrip: true, normalized: true });
const plain = (token: string) => addedToken(token);
const ROBERTA = {
  bos_token: '<s>',
  eos_token: '</s>',
  unk_token: '<unk>',
  sep_token: '</s>',
  pad_token: '<pad>',
  cls_token: '<s>',
  mask_token: '<mask>',
};
const BERT = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

type BuiltFamily = Exclude<Family, 'generic' | 'other' | 'python'>;

interface FamilyRules {
  model: 'WordPiece' | 'BPE' | 'Unigram';
  /** Where the vocabulary stands when there is no tokenizer.json. */
  file: string;
  roles: Partial<Record<SpecialTokenRole, NamedToken>>;
  /** Added where the folder names no extra tokens. */
  extra?: readonly string[];
  /** The vocabulary that is made of a SentencePiece model's pieces; without it, they are the vocabulary. */
  fromPieces?: (pieces: ScoredTokens, role: (key: SpecialTokenRole) => string) => ScoredTokens;
  parts: (input: PartsInput) => Parts;
}

const unscored = (...tokens: string[]): ScoredTokens => tokens.map((token) => [token, 0]);

const FAMILIES: Readonly<Record<BuiltFamily, FamilyRules>> = {
  bert: { model: 'WordPiece', file: 'vocab.txt', roles: BERT, parts: wordPieceParts },
  mpnet: {
    model: 'WordPiece',
    file: 'vocab.txt',
    roles: {
      bos_token: plain('<s>'),
      eos_token: plain('</s>'),
      unk_token: plain('[UNK]'),
      sep_token: plain('</s>'),
      pad_token: plain('<pad>'),
      cls_token: plain('<s>'),
      mask_token: mask,
    },
    parts: wordPieceParts,
  },
  roberta: { model: 'BPE', file: 'vocab.json', roles: ROBERTA, parts: byteLevelBpeParts },
  'xlm-roberta': {
    model: 'Unigram',
    file: 'sentencepiece.bpe.model',
    roles: ROBERTA,
    // fairseq's order: its own four tokens in the place of SentencePiece's three.
    fromPieces: (pieces, role) => [
      ...unscored(role('bos_token'), role('pad_token'), role('eos_token'), role('unk_token')),
      ...pieces.slice(3),
      ...unscored(role('mask_token')),
    ],
    parts: unigramParts,
  },
  camembert: {
    model: 'Unigram',
    file: 'sentencepiece.bpe.model',
    roles: {
      ...ROBERTA,
      mask_token: addedToken('<mask>', { lstrip: true, special: true, normalized: false }),
    },
    extra: ['<s>NOTUSED', '</s>NOTUSED', '<unk>NOTUSED'],
    fromPieces: (pieces, role) => [
      ...unscored('<s>NOTUSED', role('pad_token'), '</s>NOTUSED', role('unk_token')),
      ['<unk>NOTUSED', -100],
      ...pieces.slice(1),
      ...unscored(role('mask_token')),
    ],
    parts: unigramParts,
  },
  albert: {
    model: 'Unigram',
    file: 'spiece.model',
    roles: { ...BERT, bos_token: '[CLS]', eos_token: '[SEP]', unk_token: '<unk>', pad_token: '<pad>' },
    parts: unigramParts,
  },
  'deberta-v2': {
    model: 'Unigram',
    file: 'spm.model',
    roles: { ...BERT, bos_token: '[CLS]', eos_token: '[SEP]' },
    parts: unigramParts,
  },
};

/** The files that a class reads where there is no tokenizer.json, each a vocabulary of its own; merges.txt goes with vocab.json. */
export function vocabularyFiles({ family }: TokenizerClass): readonly string[] {
  if (family === 'generic') return ['tokenizer.model'];
  if (family === 'other' || family === 'python') return [];
  const { file } = FAMILIES[family];
  return file.endsWith('.model') ? [file, 'tokenizer.model'] : [file];
}

export function documentSettings({ added_tokens, padding, truncation }: TokenizerDocument): DocumentSettings {
  const side = (direction: 'Left' | 'Right') => (direction === 'Left' ? 'left' : 'right');
  return {
    added: added_tokens,
    padding: padding == null ? null : { side: side(padding.direction), token: padding.pad_token },
    truncationSide: truncation == null ? null : side(truncation.direction),
  };
}

/** A tokenizer as the library takes it, and the tokens of its special roles. */
export interface BuiltTokenizer {
  document: TokenizerDocument;
  added: readonly PlacedToken[];
  tokens: ReadonlyMap<string, NamedToken | null>;
}

/**
 * The tokenizer.json that holds all that transformers 5.17 makes of a folder's files: a class with a constructor of its
 * own takes only the vocabulary of a tokenizer.json and builds the rest anew. Throws `tokenizer/missing-token`.
 */
export function buildTokenizer(source: VocabularySource, settings: TokenizerSettings): BuiltTokenizer {
  const { family } = settings.class;
  if (family === 'python') throw fault('tokenizer/class', { file: source.file, found: settings.class.name });
  if (family === 'generic' && source.sentencePiece) return ofSentencePiece(source.sentencePiece, settings);
  if (family === 'generic' || family === 'other') return completed(source, settings);
  const rules = FAMILIES[family];
  const tokens = new Map<string, NamedToken | null>();
  for (const role of ROLES) tokens.set(role, rules.roles[role] ?? null);
  for (const [name, token] of settings.tokens) tokens.set(name, token);
  const named = [...tokens.values()].filter((token) => token !== null);
  const { declared } = settings;
  const { sentencePiece } = source;
  const role = (key: SpecialTokenRole) => tokens.get(key) ?? rules.roles[key] ?? '';
  const vocab =
    sentencePiece && rules.fromPieces
      ? rules.fromPieces(sentencePiece.pieces, (key) => contentOf(role(key)))
      : source.vocab;
  const vocabulary = vocabularyMap(vocab);
  const extra = settings.extra ?? (sentencePiece ? addedPieces(sentencePiece) : (rules.extra ?? []));
  const added = placeTokens(vocabulary, [], { declared, named, extra });

  const ids = new Map(added.map(({ content, id }) => [content, id]));
  const declaredNames = new Set(declared.map(contentOf));
  const framing = rules.model === 'Unigram' && family !== 'albert' && family !== 'deberta-v2';
  const needed: SpecialTokenRole[] = framing ? ['bos_token', 'eos_token'] : ['cls_token', 'sep_token'];
  if (rules.model === 'WordPiece') needed.unshift('unk_token');
  for (const key of needed) {
    const token = contentOf(role(key));
    // transformers would give it an id behind the vocabulary, for which the model has no row.
    if (!vocabulary.has(token) && (key === 'unk_token' || !declaredNames.has(token)))
      throw fault('tokenizer/missing-token', { file: source.file, role: key, token });
  }
  const parts = rules.parts({
    family,
    vocabulary,
    scored: scoresOf(vocab, vocabulary),
    merges: source.merges,
    options: settings.options,
    token: (key) => {
      const content = contentOf(role(key));
      return [content, ids.get(content) ?? vocabulary.get(content) ?? 0];
    },
    charsmap: sentencePiece?.charsmap ?? charsmapOf(source.document?.normalizer),
    unknownId: sentencePiece?.unknown.id ?? settings.options.unk_id ?? 1,
    ownFrame: source.document?.post_processor,
  });
  const document = { version: '1.0', truncation: null, padding: null, added_tokens: [...added], ...parts };
  noteDifferences(source, parts, settings);
  return { document, added, tokens };
}

/** A tokenizer.json as it stands, with the tokens that other files add. */
function completed({ document, file, vocab }: VocabularySource, settings: TokenizerSettings): BuiltTokenizer {
  if (document === null) throw new Error('Only a tokenizer.json stands for itself.');
  if (settings.class.family === 'other')
    settings.notes.push(fault('tokenizer/other-class', { file, found: settings.class.name }));
  const named = [...settings.tokens.values()].filter((token) => token !== null);
  const { declared, extra } = settings;
  const sources = { declared, named, extra: extra ?? [] };
  const present = document.added_tokens.map(({ id: _, ...token }) => token);
  const added = placeTokens(vocabularyMap(vocab), present, sources);
  return {
    document: { ...document, truncation: null, padding: null, added_tokens: added },
    added,
    tokens: settings.tokens,
  };
}

/** Control and user-defined pieces as the tokens that they are added as. */
const addedPieces = ({ added }: SentencePieceModel): NamedToken[] =>
  added.map(({ piece, isControl }) => addedToken(piece, { normalized: false, special: isControl }));

/** What the generic class makes of a SentencePiece model: `SpmConverter.build_tokenizer_from_spm_proto`. */
function ofSentencePiece(model: SentencePieceModel, settings: TokenizerSettings): BuiltTokenizer {
  const { pieces, charsmap, unknown, byteFallback: byte_fallback } = model;
  const vocabulary = new Map(vocabularyMap(pieces));
  const own = { bos_token: model.bos, eos_token: model.eos, unk_token: unknown.piece || '<unk>' };
  const tokens = new Map<string, NamedToken | null>();
  for (const [role, token] of Object.entries(own)) if (token !== null) tokens.set(role, token);
  for (const [role, token] of settings.tokens) tokens.set(role, token);
  const unigram = { type: 'Unigram', unk_id: unknown.id, byte_fallback, vocab: pieces };
  const bpe = () => {
    const merges = mergesOfPieces(vocabulary);
    // A declared token takes the place of the piece that has its id.
    const texts = new Map(Array.from(vocabulary, ([piece, id]) => [id, piece]));
    for (const { id, content } of settings.declared) {
      const piece = texts.get(id);
      if (piece === undefined || vocabulary.has(content)) continue;
      vocabulary.delete(piece);
      vocabulary.set(content, id);
    }
    const rest = { dropout: null, continuing_subword_prefix: null, end_of_word_suffix: null };
    const vocab = Object.fromEntries(vocabulary);
    return { type: 'BPE', ...rest, unk_token: unknown.piece, fuse_unk: true, byte_fallback, vocab, merges };
  };
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const unspaced = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
  const { declared, options } = settings;
  const named = [...tokens.values()].filter((token) => token !== null);
  const modelPart = model.isUnigram ? unigram : bpe();
  const added = placeTokens(vocabulary, [], {
    declared,
    named,
    extra: settings.extra ?? addedPieces(model),
  });
  const framed = (role: 'bos_token' | 'eos_token', wanted: boolean | null | undefined): TokenAndId[] => {
    const token = contentOf(tokens.get(role) ?? '');
    const id = added.find(({ content }) => content === token)?.id ?? vocabulary.get(token);
    return wanted === true && id !== undefined ? [[token, id]] : [];
  };
  return {
    document: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [...added],
      normalizer: normalizers(
        charsmap === '' ? [spaces] : [{ type: 'Precompiled', precompiled_charsmap: charsmap }, spaces],
      ),
      pre_tokenizer: null,
      post_processor: sentenceFrame(
        framed('bos_token', options.add_bos_token),
        framed('eos_token', options.add_eos_token),
      ),
      decoder: byte_fallback
        ? { type: 'Sequence', decoders: [unspaced, { type: 'ByteFallback' }, { type: 'Fuse' }] }
        : { type: 'Sequence', decoders: [unspaced] },
      model: modelPart,
    },
    added,
    tokens,
  };
}

const isScored = (vocab: Vocabulary): vocab is ScoredTokens => Array.isArray(vocab);

/** Token to id. */
export function vocabularyMap(vocab: Vocabulary): ReadonlyMap<string, number> {
  return isScored(vocab) ? new Map(vocab.map(([token], id) => [token, id])) : new Map(Object.entries(vocab));
}

function scoresOf(vocab: Vocabulary, vocabulary: ReadonlyMap<string, number>): ScoredTokens {
  return isScored(vocab) ? vocab : [...vocabulary.keys()].map((token) => [token, 0]);
}

function charsmapOf(normalizer: TokenizerDocument['normalizer']): string | null {
  if (normalizer == null) return null;
  const inner = normalizer.type === 'Sequence' ? normalizer['normalizers'] : [normalizer];
  const list = z.array(z.looseObject({ type: z.string().optional() })).safeParse(inner).data ?? [];
  const found = list.find(({ type }) => type === 'Precompiled');
  return z.string().safeParse(found?.['precompiled_charsmap']).data ?? null;
}

/** Says where a tokenizer.json is not what its class makes of it: other programs take the file as it stands. */
function noteDifferences(
  { document, file }: VocabularySource,
  parts: Parts,
  settings: TokenizerSettings,
): void {
  if (document === null) return;
  for (const key of ['normalizer', 'pre_tokenizer', 'model'] as const) {
    const theirs = document[key]?.type ?? (key === 'model' ? parts.model.type : undefined);
    const ours = parts[key]?.type;
    if (theirs === ours && (key !== 'normalizer' || isSameNormalizer(document, parts))) continue;
    settings.notes.push(
      fault('tokenizer/rebuilt', {
        file,
        key,
        found: theirs ?? 'nothing',
        taken: ours ?? 'nothing',
        by: settings.class.name,
      }),
    );
  }
}

function isSameNormalizer(document: TokenizerDocument, parts: Parts): boolean {
  const fields = (normalizer: object | null | undefined) =>
    JSON.stringify(Object.entries(normalizer ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  return fields(document.normalizer) === fields(parts.normalizer);
}
