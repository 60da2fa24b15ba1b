/** The ids from the one chosen last to this one, either way; only this one where the last is no longer listed. */
export function idsBetween(listed: readonly string[], last: string | null, id: string): readonly string[] {
  const at = listed.indexOf(id);
  const from = last === null ? at : listed.indexOf(last);
  return from < 0 ? [id] : listed.slice(Math.min(at, from), Math.max(at, from) + 1);
}
