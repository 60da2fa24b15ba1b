import { pythonLiteral as literal } from '../../../../shared/quoting.ts';

/** Lines of a script stay within this many characters where they can be broken. */
const WIDTH = 100;
const INDENT = '    ';

/** Whether two plain values are one in a script. */
export const isSame = (a: unknown, b: unknown): boolean => literal(a) === literal(b);

/** An argument: its name (null: by its place) and its source text. */
export type Argument = readonly [name: string | null, source: string];

/** The arguments of a call with plain values. */
export const argumentsOf = (fields: Readonly<Record<string, unknown>>): Argument[] =>
  Object.entries(fields).map(([name, value]) => [name, literal(value)]);

/** A name that Python does not take for one is handed over in a dictionary. */
function argumentText([name, source]: Argument): string {
  if (name === null) return source;
  return /^[A-Za-z_]\w*$/.test(name) ? `${name}=${source}` : `**{${literal(name)}: ${source}}`;
}

/** `head(…)tail` on one line where it fits, else on more. Breaks inside `depth` blocks. */
export function call(head: string, args: readonly Argument[], tail = '', depth = 0): string[] {
  return bracketed(`${head}(`, args.map(argumentText), `)${tail}`, depth);
}

/** `head[…]`, as many items a line as fit. */
export function list(head: string, items: readonly string[]): string[] {
  const whole = `${head}[${items.join(', ')}]`;
  return whole.length <= WIDTH ? [whole] : [`${head}[`, ...packed(items, INDENT), ']'];
}

/** `head(…)` with an argument a line: settings, to be read and compared. */
export const settingsCall = (head: string, args: readonly Argument[]): string[] => [
  `${head}(`,
  ...args.map((argument) => `${INDENT}${argumentText(argument)},`),
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
