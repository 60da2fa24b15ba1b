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
  const line = `${head}[${items.join(', ')}]`;
  return line.length <= WIDTH ? [line] : [`${head}[`, ...packed(items, INDENT), ']'];
}

/** `head(…)` with an argument a line: settings, to be read and compared. */
export const settingsCall = (head: string, args: readonly Argument[]): string[] => [
  `${head}(`,
  ...args.map((argument) => `${INDENT}${argumentText(argument)},`),
  ')',
];

/** `from module import (…)`. */
function importLines(module: string, names: readonly string[]): string[] {
  const line = `from ${module} import ${names.join(', ')}`;
  return line.length <= WIDTH ? [line] : bracketed(`from ${module} import (`, names, ')', 0);
}

/** One line where it fits, else two lines inside the brackets, else an item a line. */
function bracketed(head: string, items: readonly string[], tail: string, depth: number): string[] {
  const margin = INDENT.repeat(depth);
  const line = `${margin}${head}${items.join(', ')}${tail}`;
  if (line.length <= WIDTH) return [line];
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

/** A script that is being put together: its imports are known at the end. */
export class Script {
  readonly #imports = new Map<string, Set<string>>();
  readonly #lines: string[] = [];

  /** `from module import name`; numpy comes as `np`. */
  import(module: string, name: string): void {
    const names = this.#imports.get(module) ?? new Set();
    this.#imports.set(module, names.add(name));
  }

  add(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  /** An empty line. */
  gap(): void {
    if (this.#lines.at(-1) !== '') this.#lines.push('');
  }

  /** A function, two empty lines around it. */
  block(...lines: string[]): void {
    while (this.#lines.at(-1) === '') this.#lines.pop();
    this.#lines.push('', '', ...lines, '', '');
  }

  /** The line text below `head`. */
  text(head: readonly string[]): string {
    const { numpy, ...others } = Object.fromEntries(
      [...this.#imports]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([module, names]) => [module, [...names].sort()]),
    );
    const imports = Object.entries(others).flatMap(([module, names]) => importLines(module, names));
    if (numpy) imports.unshift('import numpy as np');
    while (this.#lines.at(-1) === '') this.#lines.pop();
    return [...head, ...imports, '', ...this.#lines, ''].join('\n');
  }
}
