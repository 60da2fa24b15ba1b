import { z } from 'zod';
import type { TokenizerSettings } from './tokenizer-settings.ts';

/** What Graft reads of a tokenizer.json; all the rest goes to the tokenizers library as it stands. */
export const tokenizerDocument = z.looseObject({
  normalizer: z.looseObject({ type: z.string() }).nullish(),
});
export type TokenizerDocument = z.output<typeof tokenizerDocument>;

/** transformers' generic class: it takes tokenizer.json as it stands. */
const GENERIC_CLASS = /^(TokenizersBackend|PreTrainedTokenizerFast)$/;

/**
 * The document as transformers uses it: without its own truncation and padding, and with the BERT options that
 * tokenizer_config.json names in place of those of the normalizer.
 */
export function asTransformersUses(
  document: TokenizerDocument,
  settings: TokenizerSettings,
): TokenizerDocument {
  const result = { ...document, truncation: null, padding: null };
  if (document.normalizer?.type === 'BertNormalizer' && !GENERIC_CLASS.test(settings.tokenizer_class ?? '')) {
    result.normalizer = { ...document.normalizer };
    if (settings.do_lower_case != null) result.normalizer['lowercase'] = settings.do_lower_case;
    if (settings.strip_accents !== undefined) result.normalizer['strip_accents'] = settings.strip_accents;
    if (settings.tokenize_chinese_chars != null) {
      result.normalizer['handle_chinese_chars'] = settings.tokenize_chinese_chars;
    }
  }
  return result;
}

/** An entry of `added_tokens`: matched in the raw text, before anything is normalised. */
export function specialToken(content: string, id: number) {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}
