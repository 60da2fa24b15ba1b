import { parser } from '@lezer/python';

export type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** A Python text and its tree. */
export interface Source {
  text: string;
  root: SyntaxNode;
  /** From 1. */
  lineAt(offset: number): number;
  /** A line without the space around it, cut at 200 characters. */
  lineText(line: number): string;
  /** Lines that are no Python. */
  brokenLines: readonly number[];
}

const shownCharacters = 200;

/** Parses a script. Shell and magic lines of a notebook (`!pip …`, `%matplotlib …`) count as empty lines. */
export function parsePython(given: string): Source {
  const text = given.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  const starts = lineStarts(text);
  const lineAt = (offset: number): number => lineOf(starts, offset);
  const rawLine = (line: number): string => text.slice(starts[line - 1] ?? 0, (starts[line] ?? Infinity) - 1);
  let tree = parser.parse(text);
  let broken = errorLines(tree.topNode, lineAt);
  const magic = broken.filter((line) => /^[!%]/.test(rawLine(line).trimStart()));
  if (magic.length > 0) {
    tree = parser.parse(withoutLines(text, starts, magic));
    broken = errorLines(tree.topNode, lineAt);
  }
  return {
    text,
    root: tree.topNode,
    lineAt,
    lineText: (line) => rawLine(line).trim().slice(0, shownCharacters),
    brokenLines: broken,
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

/** Lines where the parser had to guess, each once. A cursor, since trees of hostile texts are deep. */
function errorLines(root: SyntaxNode, lineAt: (offset: number) => number): number[] {
  const lines = new Set<number>();
  const cursor = root.cursor();
  do if (cursor.type.isError) lines.add(lineAt(cursor.from));
  while (cursor.next());
  return [...lines];
}

/** The text with spaces in the place of some lines, so that every offset stays what it was. */
function withoutLines(text: string, starts: readonly number[], lines: readonly number[]): string {
  let result = '';
  let from = 0;
  for (const line of lines) {
    const start = starts[line - 1]!;
    const end = (starts[line] ?? text.length + 1) - 1;
    result += text.slice(from, start) + ' '.repeat(end - start);
    from = end;
  }
  return result + text.slice(from);
}

/** The children of a node. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
  '0': '\0',
};

/** What stands between the quotes of a string token; undefined for bytes. */
export function stringContent(token: string): { text: string; raw: boolean; from: number } | undefined {
  const prefix = /^[a-z]*/i.exec(token)![0].toLowerCase();
  if (prefix.includes('b')) return undefined;
  const quoted = token.slice(prefix.length);
  const quotes = quoted.startsWith('"""') || quoted.startsWith("'''") ? 3 : 1;
  return {
    text: quoted.slice(quotes, quoted.length - quotes),
    raw: prefix.includes('r'),
    from: prefix.length + quotes,
  };
}

/** Escape sequences of a Python string resolved. */
export function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([\s\S]))/gi,
    (all, hex: string | undefined, unicode: string | undefined, char: string | undefined) => {
      const code = hex ?? unicode;
      if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
      return escapes[char!] ?? all;
    },
  );
}

/** A number token: 1e-3, 1_000, 0x10; undefined for complex ones. */
export function numberContent(token: string): number | undefined {
  const value = Number(token.replaceAll('_', ''));
  return Number.isNaN(value) ? undefined : value;
}
