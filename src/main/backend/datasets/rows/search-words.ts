/** Scripts written without spaces: the search index has whole sentences of them as one word. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD = /[\p{L}\p{N}\p{Co}]+/gu;
/** A shorter beginning has too many words. */
const SHORTEST_PREFIX = 3;

/** What a person typed, for SQLite: words for the search index, or a part of the text. */
export type Search = { kind: 'words'; match: string } | { kind: 'part'; like: string };

/** Every word must occur, the last one as the beginning of a word. Null: nothing to look for. */
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
  const ends = /[\p{L}\p{N}\p{Co}]$/u.test(folded);
  const terms = words.map((word, i) =>
    i === words.length - 1 && ends && word.length >= SHORTEST_PREFIX ? `"${word}"*` : `"${word}"`,
  );
  return { kind: 'words', match: terms.join(' ') };
}
