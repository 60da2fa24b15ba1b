import { fault } from '../../../shared/faults/index.ts';
import { specialToken, type TokenizerDocument } from './tokenizer-document.ts';
import type { TokenizerSettings } from './tokenizer-settings.ts';

/** The two files of a byte-level BPE, with the names that messages give them. */
export interface BpeFiles {
  vocab: Record<string, number>;
  vocabFile: string;
  /** Two tokens a line, the most frequent pair first, after a `#version` line. */
  merges: string;
  mergesFile: string;
}

/**
 * The tokenizer.json that transformers' `RobertaTokenizer` makes of vocab.json and merges.txt.
 * Throws `tokenizer/missing-token` and `tokenizer/unreadable`.
 */
export function byteLevelBpeDocument(files: BpeFiles, settings: TokenizerSettings): TokenizerDocument {
  const vocab = new Map(Object.entries(files.vocab));
  const require = (role: string, token: string): [token: string, id: number] => {
    const id = vocab.get(token);
    if (id === undefined) throw fault('tokenizer/missing-token', { file: files.vocabFile, role, token });
    return [token, id];
  };
  const sep = require('sep_token', settings.sep_token ?? '</s>');
  const cls = require('cls_token', settings.cls_token ?? '<s>');
  const addPrefixSpace = settings.add_prefix_space ?? false;
  const special = new Set([
    settings.bos_token ?? '<s>',
    settings.eos_token ?? '</s>',
    settings.unk_token ?? '<unk>',
    sep[0],
    settings.pad_token ?? '<pad>',
    cls[0],
    settings.mask_token ?? '<mask>',
  ]);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...special]
      .flatMap((token) => (vocab.has(token) ? [specialToken(token, vocab.get(token)!)] : []))
      .sort((a, b) => a.id - b.id),
    normalizer: null,
    pre_tokenizer: byteLevel(addPrefixSpace),
    post_processor: {
      type: 'RobertaProcessing',
      sep,
      cls,
      trim_offsets: settings.trim_offsets ?? true,
      add_prefix_space: addPrefixSpace,
    },
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
      vocab: files.vocab,
      merges: readMerges(files),
    },
  };
}

function byteLevel(addPrefixSpace: boolean) {
  return { type: 'ByteLevel', add_prefix_space: addPrefixSpace, trim_offsets: true, use_regex: true };
}

function readMerges({ merges, mergesFile }: BpeFiles): string[][] {
  const pairs: string[][] = [];
  // Only real line ends separate: a byte-level token never holds one, but may hold other Unicode separators.
  for (const [index, line] of merges.split(/\r?\n/).entries()) {
    if (line === '' || line.startsWith('#version')) continue;
    const pair = line.split(' ');
    if (pair.length !== 2) {
      const reason = `line ${index + 1} does not hold two tokens`;
      throw fault('tokenizer/unreadable', { file: mergesFile, reason });
    }
    pairs.push(pair);
  }
  return pairs;
}
