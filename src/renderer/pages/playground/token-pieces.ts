import type { Attribution } from '../../../shared/contract.ts';

/** A part of a text: a token with what it says, or what stands between tokens. */
export interface Piece {
  text: string;
  /** Null: no token, or one that was cut off. */
  value: number | null;
  /** The value as a share of the largest, -1 to 1. */
  strength: number;
}

/** The text of one side of a pair in pieces, as it was written. Tokens that share their place are added up. */
export function tokenPieces({ tokens }: Attribution, text: string, of: 0 | 1): Piece[] {
  const largest = Math.max(...tokens.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  const pieces: Piece[] = [];
  let at = 0;
  const between = (end: number): void => {
    if (end > at) pieces.push({ text: text.slice(at, end), value: null, strength: 0 });
  };
  for (const { of: own, start, end, value } of tokens) {
    if (own !== of) continue;
    const last = pieces.at(-1);
    if (end <= at && last?.value != null) {
      last.value += value;
      last.strength = last.value / largest;
      continue;
    }
    between(start);
    const from = Math.max(start, at);
    pieces.push({ text: text.slice(from, end), value, strength: value / largest });
    at = end;
  }
  between(text.length);
  return pieces;
}

export interface Speaker {
  text: string;
  value: number;
}

/** The tokens that speak most for the label (`sign` 1) or against it (-1), the strongest first. */
export function strongest(pieces: readonly Piece[], sign: 1 | -1, most = 3): Speaker[] {
  return pieces
    .filter((piece): piece is Piece & { value: number } => piece.value !== null && sign * piece.value > 0)
    .sort((a, b) => sign * (b.value - a.value))
    .slice(0, most)
    .map(({ text, value }) => ({ text: text.trim(), value }));
}
