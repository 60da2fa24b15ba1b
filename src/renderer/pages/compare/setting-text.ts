import { textOfValue } from '../../forms/field-text.ts';

/** A setting's value as one reads it; "—" where it is not set. */
export function settingText(value: unknown): string {
  const text = textOfValue(value);
  return text === '' ? '—' : text;
}

/** "learning_rate" for "training.learning_rate"; the whole path where two settings end alike. */
export function settingNames(paths: readonly string[]): string[] {
  const ends = paths.map((path) => path.split('.').at(-1)!);
  return paths.map((path, at) => (ends.filter((end) => end === ends[at]).length > 1 ? path : ends[at]!));
}
