import { hash } from 'node:crypto';

const SPACING = /\s{2}|[^\S ]/;

/** A text without what does not make it another text: outer and repeated spaces, and case. */
function foldText(text: string): string {
  const trimmed = text.trim();
  return (SPACING.test(trimmed) ? trimmed.replace(/\s+/g, ' ') : trimmed).toLowerCase();
}

/** 64 bits of the folded text and its second text: rows with the same key hold the same text. */
export function textKey(text: string, textPair: string | null): bigint {
  const folded = textPair === null ? foldText(text) : `${foldText(text)}\0${foldText(textPair)}`;
  return hash('sha1', folded, 'buffer').readBigInt64BE(0);
}
