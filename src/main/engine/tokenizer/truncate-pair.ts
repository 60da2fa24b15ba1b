/**
 * How many tokens of each text of a pair stay, `budget` being the room beside the special tokens: transformers'
 * `longest_first`, as tokenizers' truncation.rs computes it. A shorter text of at most half the room stays whole.
 */
export function pairLengths(first: number, second: number, budget: number): [first: number, second: number] {
  if (first + second <= budget) return [first, second];
  const shorter = Math.min(first, second, Math.floor(budget / 2));
  return first <= second ? [shorter, budget - shorter] : [budget - shorter, shorter];
}

/**
 * The places of an encoded pair that stay when it is cut to `maxLength`: all special tokens, and of each text its
 * beginning (`side` 'right') or its end ('left'). `sequences`: 0, 1, or null for a special token, a place.
 */
export function keptPlaces(
  sequences: readonly (number | null | undefined)[],
  maxLength: number,
  side: 'left' | 'right',
): number[] {
  const places = (sequence: number) => sequences.flatMap((of, place) => (of === sequence ? [place] : []));
  const texts = [places(0), places(1)] as const;
  const specialTokens = sequences.length - texts[0].length - texts[1].length;
  const lengths = pairLengths(texts[0].length, texts[1].length, maxLength - specialTokens);
  const kept = new Set(
    texts.flatMap((text, i) =>
      side === 'right' ? text.slice(0, lengths[i]) : text.slice(text.length - lengths[i]!),
    ),
  );
  return [...sequences.keys()].filter((place) => kept.has(place) || sequences[place] == null);
}
