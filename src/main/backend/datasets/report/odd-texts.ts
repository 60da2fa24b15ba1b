/** Why a text is odd. */
export type Oddity = 'control' | 'replacement' | 'misread' | 'long';

/** More than any text that a person wrote as one row. */
export const LONG_BYTES = 100_000;

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** What UTF-8 looks like when it was read as Windows-1252. */
const MISREAD = /Ã[\u0080-\u00bf©¨¤¶¼±³¡]|â€[™œ\u009d“”˜¦–]/;

export const ODDITY_WORDS: Record<Oddity, string> = {
  control: 'with control characters',
  replacement: 'with the replacement character (�)',
  misread: 'read in a wrong encoding (“Ã©” for “é”)',
  long: `over ${LONG_BYTES / 1000} kB`,
};

/** The first thing that is odd about a text; null: nothing. */
export function oddityOf(text: string): Oddity | null {
  if (CONTROL.test(text)) return 'control';
  if (text.includes('\ufffd')) return 'replacement';
  if (MISREAD.test(text)) return 'misread';
  return text.length * 3 > LONG_BYTES && Buffer.byteLength(text) > LONG_BYTES ? 'long' : null;
}
