/**
 * Names and texts of people, files and hubs as plain text of other languages: one function a language, and no other way
 * for such a text into something that a shell, an interpreter, a browser or a spreadsheet reads.
 */

/** Control characters, and what JavaScript and YAML 1.1 take for the end of a line beside them. */
const CONTROLS = /[\p{Cc}\u2028\u2029]/gu;

/** The first character of `text` that no name may hold, as "U+000A"; null: there is none. */
export function controlCharacter(text: string): string | null {
  const [found] = text.match(CONTROLS) ?? [];
  return found === undefined ? null : codeOf(found);
}

const codeOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

/** `text` on one line: for comments, headings and cells, which end with their line. */
export const oneLine = (text: string): string => text.replace(CONTROLS, ' ').replaceAll(/\s+/g, ' ').trim();

/** `text` as a terminal shows it: line feeds and tabs as they are, other control characters, which it obeys, by their code. */
export const printable = (text: string): string =>
  text.replace(CONTROLS, (character) =>
    character === '\n' || character === '\t' ? character : `<${codeOf(character)}>`,
  );

/**
 * `text` as one word of a command: of a POSIX shell, or where it is a path of Windows, of PowerShell and cmd, which share
 * only double quotes. A leading dash would make it an option.
 */
export function shellWord(text: string): string {
  const word = text.startsWith('-') ? `./${text}` : text;
  if (/^([a-z]:[\\/]|\\\\)/i.test(word)) {
    if (/^[\w:\\/.~-]+$/.test(word)) return word;
    // PowerShell fills in what a dollar sign names, and takes curly quotes for straight ones.
    return `"${word.replaceAll(/[$`\u201C-\u201E]/g, '`$&')}"`;
  }
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A plain value as Python writes it. Other values of JavaScript are defects. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return pythonNumber(value);
  // JSON's escapes are Python's too.
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, field]) => `${JSON.stringify(key)}: ${pythonLiteral(field)}`,
    );
    return `{${entries.join(', ')}}`;
  }
  throw new Error(`Python has no literal for a ${typeof value}.`);
}

/** Small numbers as people write learning rates: 5e-5. */
function pythonNumber(value: number): string {
  if (!Number.isFinite(value)) return `float("${value}")`;
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}

/** `text` as a string of JavaScript, in single quotes. */
export const javascriptString = (text: string): string =>
  `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)
    .replace(CONTROLS, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`)}'`;

/**
 * `text` as plain text of Markdown (CommonMark with the tables of GitHub and the hub): no HTML, link, emphasis or block
 * begins in it.
 */
export const markdownText = (text: string): string =>
  oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*[\]>~$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\$&`)
    // What begins a heading, a list or a line under a heading does so at the start alone.
    .replace(/^(\d*)(?=(?:[.)]|[#+-]+)(?:\s|$)|=|--)/, '$1\\');

/** `text` in a cell of a table of Markdown. */
export const markdownCell = (text: string): string => markdownText(text).replaceAll('|', '\\|');

/** `text` as code within a line of Markdown. */
export function markdownCode(text: string): string {
  const line = oneLine(text);
  const ticks = fenceOf(line, 1);
  const space = /^`|`$/.test(line) || line === '' ? ' ' : '';
  return `${ticks}${space}${line}${space}${ticks}`;
}

/** `text` as a block of code of Markdown. */
export function markdownBlock(language: string, text: string): string {
  const ticks = fenceOf(text, 3);
  return `${ticks}${language}\n${text}\n${ticks}`;
}

/** More backticks than stand together in `text`. */
const fenceOf = (text: string, least: number): string =>
  '`'.repeat(Math.max(least, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));

/** What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"), in half and full width. */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * `text` as a field of CSV (RFC 4180). What a spreadsheet would compute starts with an apostrophe, which makes it text
 * there; numbers stay as they are.
 */
export function csvField(text: string): string {
  const shown = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(shown) || shown.trim() !== shown ? `"${shown.replaceAll('"', '""')}"` : shown;
}
