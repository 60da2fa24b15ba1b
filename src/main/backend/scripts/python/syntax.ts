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
  /** Lines that are no Python: the parser had to guess. */
  brokenLines: readonly number[];
}

const shownCharacters = 200;

/** Parses a script. Shell and magic lines of a notebook (`!pip …`, `%matplotlib …`) count as empty lines. */
export function parsePython(given: string): Source {
  const text = given.replaceAll(/\r\n?/g, '\n');
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  const lineAt = (offset: number): number => {
    let [low, high] = [0, starts.length];
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
  const root = parser.parse(
    text.replaceAll(/^[ \t]*(?:!(?!=)|%%?[a-z]).*$/gm, (line) => ' '.repeat(line.length)),
  ).topNode;
  const brokenLines = new Set<number>();
  // A cursor, since trees of hostile texts are deep.
  const cursor = root.cursor();
  do if (cursor.type.isError) brokenLines.add(lineAt(cursor.from));
  while (cursor.next());
  return {
    text,
    root,
    lineAt,
    lineText: (line) =>
      text
        .slice(starts[line - 1] ?? 0, (starts[line] ?? Infinity) - 1)
        .trim()
        .slice(0, shownCharacters),
    brokenLines: [...brokenLines],
  };
}

/** The children of a node. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

/** What stands between brackets and commas. */
export function groupsOf(parts: readonly SyntaxNode[]): [SyntaxNode, ...SyntaxNode[]][] {
  const groups: SyntaxNode[][] = [[]];
  for (const part of parts) {
    if (part.name === ',') groups.push([]);
    else if (!/^[()[\]{}]$/.test(part.name)) groups.at(-1)!.push(part);
  }
  return groups.flatMap(([first, ...rest]) => (first ? [[first, ...rest]] : []));
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '', '0': '\0' };

/** What stands between the quotes of a string token; undefined for bytes. */
export function stringContent(token: string): { text: string; raw: boolean; from: number } | undefined {
  const prefix = /^[a-z]*/i.exec(token)![0].toLowerCase();
  if (prefix.includes('b')) return undefined;
  const quoted = token.slice(prefix.length);
  const quotes = /^("""|''')/.test(quoted) ? 3 : 1;
  const text = quoted.slice(quotes, quoted.length - quotes);
  return { text, raw: prefix.includes('r'), from: prefix.length + quotes };
}

/** Escape sequences of a Python string resolved. */
export function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([\s\S]))/gi,
    (all, hex: string | undefined, unicode: string | undefined, char: string) => {
      const code = hex ?? unicode;
      if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
      return /[\\'"]/.test(char) ? char : (escapes[char] ?? all);
    },
  );
}
