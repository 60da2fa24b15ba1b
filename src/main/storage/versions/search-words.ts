/** Scripts written without spaces: the search index has whole sentences of them as one word. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD = /[\p{L}\p{N}\p{Co}]+/gu;
/** A shorter beginning has too many words. */
const SHORTEST_PREFIX = 3;

/** What a person typed, for SQLite: words for the search index, or a part of the text. */
export type Search = Words | { kind: 'part'; like: string };
export interface Words {
  kind: 'words';
  words: string[];
  /** The last one may be the beginning of a word. */
  unfinished: boolean;
}

/** Every word must occur. Null: nothing to look for. */
export function searchOf(query: string): Search | null {
  const trimmed = query.trim();
  if (trimmed === '') return null;
  // As the index folds letters: without marks, composed.
  const folded = trimmed
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .normalize('NFC');
  const words = folded.match(WORD) ?? [];
  if (words.length === 0 || UNSPACED.test(trimmed)) {
    return { kind: 'part', like: `%${trimmed.replace(/[\\%_]/g, '\\$&')}%` };
  }
  const isLetter = /[\p{L}\p{N}\p{Co}]$/u.test(folded);
  return { kind: 'words', words, unfinished: isLetter && words.at(-1)!.length >= SHORTEST_PREFIX };
}

/** As FTS5 takes it. */
export function matchOf({ words, unfinished }: Words): string {
  return words.map((word, i) => `"${word}"${unfinished && i === words.length - 1 ? '*' : ''}`).join(' ');
}
