/** By the column's key: whether somebody wants to see it. */
export type Choice = Readonly<Record<string, boolean>>;

const keyOf = (list: string): string => `graft-columns ${list}`;
const isChoice = (value: unknown): value is Choice =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((shown) => typeof shown === 'boolean');

/** The columns chosen for a list in this browser; empty where nobody chose, or what is kept is not a choice. */
export function readChoice(list: string): Choice {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(list)) ?? '{}');
    return isChoice(kept) ? kept : {};
  } catch {
    return {};
  }
}

export function keepChoice(list: string, choice: Choice): void {
  localStorage.setItem(keyOf(list), JSON.stringify(choice));
}

/** A column without `optional` is always there; another one as it was chosen, or as it says itself. */
export function isShown(
  { key, optional }: { key: string; optional?: 'shown' | 'hidden' },
  choice: Choice,
): boolean {
  return optional === undefined || (choice[key] ?? optional === 'shown');
}

/** The ids from the one chosen last to this one, either way; only this one where the last is no longer listed. */
export function idsBetween(listed: readonly string[], last: string | null, id: string): readonly string[] {
  const at = listed.indexOf(id);
  const from = last === null ? at : listed.indexOf(last);
  return from < 0 ? [id] : listed.slice(Math.min(at, from), Math.max(at, from) + 1);
}
