export type Fields = Record<string, unknown>;

/** Whether a value has named fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON merge patch (RFC 7396): fields replace, null takes a field away, objects go on inside. */
export function mergePatch(value: Fields, patch: Fields): Fields {
  const merged: Fields = { ...value };
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete merged[key];
    else if (isFields(change)) {
      const own = merged[key];
      merged[key] = mergePatch(isFields(own) ? own : {}, change);
    } else merged[key] = change;
  }
  return merged;
}
