/** Whether all words of a query occur in a text, in any order and case; an empty query fits everything. */
export function hasWords(text: string, query: string): boolean {
  const lower = text.toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/** Each value once, in the order of the alphabet. */
export const distinct = (values: readonly string[]): string[] =>
  [...new Set(values)].sort((a, b) => a.localeCompare(b));
