import { isFields, type Fields } from '../../shared/fields.ts';

/** A JSON merge patch (RFC 7396): fields replace, null takes a field away, objects go on inside. */
export function mergePatch(value: Fields, patch: Fields): Fields {
  const merged = new Map(Object.entries(value));
  for (const [key, change] of Object.entries(patch)) {
    const own = merged.get(key);
    if (change === null) merged.delete(key);
    else merged.set(key, isFields(change) ? mergePatch(isFields(own) ? own : {}, change) : change);
  }
  return Object.fromEntries(merged);
}
