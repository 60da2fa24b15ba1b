import type { Encoding } from 'tokenizers';
import type { TextInput, TokenPlace } from './text-tokenizer.ts';
import { keptPlaces } from './truncate-pair.ts';

/** Where the tokens of an input stand in it, less those that a cut to `maxLength` takes. The library counts code points. */
export function tokenPlaces(
  encoding: Encoding,
  input: TextInput,
  maxLength: number,
  side: 'left' | 'right',
): TokenPlace[] {
  const sequences = encoding.getSequenceIds();
  const offsets = encoding.getOffsets();
  const units = [unitsBefore(input.text), unitsBefore(input.textPair ?? '')] as const;
  const kept = sequences.length > maxLength ? keptPlaces(sequences, maxLength, side) : [...sequences.keys()];
  return kept.map((place) => {
    const text = sequences[place] ?? null;
    if (text !== 0 && text !== 1) return { text: null, start: 0, end: 0 };
    const [start = 0, end = 0] = offsets[place] ?? [];
    return { text, start: units[text][start] ?? 0, end: units[text][end] ?? 0 };
  });
}

/** UTF-16 units before each code point, and behind the last. */
function unitsBefore(text: string): number[] {
  const places = [0];
  for (const character of text) places.push(places.at(-1)! + character.length);
  return places;
}
