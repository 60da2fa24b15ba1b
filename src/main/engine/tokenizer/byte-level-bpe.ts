import { fault } from '../../../shared/faults/index.ts';
import { contentOf } from './added-tokens.ts';
import type { Parts, PartsInput } from './tokenizer-document.ts';
import { robertaFrame } from './word-piece.ts';

/** What transformers' `RobertaTokenizer` makes of a vocabulary and its merges. */
export function byteLevelBpeParts({ vocabulary, merges, role, idOf, options }: PartsInput): Parts {
  const sep = contentOf(role('sep_token'));
  const cls = contentOf(role('cls_token'));
  const addPrefixSpace = options.add_prefix_space ?? false;
  return {
    normalizer: null,
    pre_tokenizer: byteLevel(addPrefixSpace),
    post_processor: robertaFrame(
      [sep, idOf(sep)],
      [cls, idOf(cls)],
      options.trim_offsets ?? true,
      addPrefixSpace,
    ),
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

/** Two tokens a line, the most frequent pair first, after a `#version` line. Throws `tokenizer/unreadable`. */
export function readMerges(text: string, file: string): string[][] {
  const pairs: string[][] = [];
  // Only real line ends separate: a byte-level token never holds one, but may hold other Unicode separators.
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === '' || line.startsWith('#version')) continue;
    const pair = line.split(' ');
    if (pair.length !== 2) {
      const reason = `line ${index + 1} does not hold two tokens`;
      throw fault('tokenizer/unreadable', { file, reason });
    }
    pairs.push(pair);
  }
  return pairs;
}
