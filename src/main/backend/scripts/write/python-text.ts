/** Lines of a script stay within this many characters where they can be broken. */
const WIDTH = 100;
const INDENT = '    ';

/** A plain value as Python writes it. Other values of JavaScript are defects. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return numberText(value);
  // JSON's escapes are Python's too.
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${literal(one)}`);
    return `{${entries.join(', ')}}`;
  }
  throw new Error(`Python has no literal for a ${typeof value}.`);
}

/** Whether two plain values are one in a script. */
export const isSame = (a: unknown, b: unknown): boolean => literal(a) === literal(b);

/** Small numbers as people write learning rates: 5e-5. */
function numberText(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}

/** An argument: its name (null: by its place) and its source text. */
export type Argument = readonly [name: string | null, source: string];

/** The arguments of a call with plain values. */
export const argumentsOf = (fields: Readonly<Record<string, unknown>>): Argument[] =>
  Object.entries(fields).map(([name, value]) => [name, literal(value)]);

/** `head(…)tail` on one line where it fits, else on more. Breaks inside `depth` blocks. */
export function call(head: string, args: readonly Argument[], tail = '', depth = 0): string[] {
  const texts = args.map(([name, source]) => (name === null ? source : `${name}=${source}`));
  return bracketed(`${head}(`, texts, `)${tail}`, depth);
}

/** `head[…]`, as many items a line as fit. */
export function list(head: string, items: readonly string[]): string[] {
  const whole = `${head}[${items.join(', ')}]`;
  return whole.length <= WIDTH ? [whole] : [`${head}[`, ...packed(items, INDENT), ']'];
}

/** `head(…)` with an argument a line: settings, to be read and compared. */
export const settingsCall = (head: string, args: readonly Argument[]): string[] => [
  `${head}(`,
  ...args.map(([name, source]) => `${INDENT}${name === null ? source : `${name}=${source}`},`),
  ')',
];

/** `from module import (…)`. */
export function importLines(module: string, names: readonly string[]): string[] {
  const whole = `from ${module} import ${names.join(', ')}`;
  return whole.length <= WIDTH ? [whole] : bracketed(`from ${module} import (`, names, ')', 0);
}

/** One line where it fits, else two lines inside the brackets, else an item a line. */
function bracketed(head: string, items: readonly string[], tail: string, depth: number): string[] {
  const margin = INDENT.repeat(depth);
  const whole = `${margin}${head}${items.join(', ')}${tail}`;
  if (whole.length <= WIDTH) return [whole];
  const inner = packed(items, margin + INDENT);
  const lines = inner.length <= 2 ? inner : items.map((item) => `${margin}${INDENT}${item},`);
  return [margin + head, ...lines, margin + tail];
}

function packed(items: readonly string[], margin: string): string[] {
  const lines: string[] = [];
  let line = margin;
  for (const item of items) {
    if (line !== margin && line.length + item.length + 1 > WIDTH) {
      lines.push(line.trimEnd());
      line = margin;
    }
    line += `${item}, `;
  }
  return [...lines, line.replace(/, $/, '')];
}
