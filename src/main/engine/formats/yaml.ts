import { isMap, isScalar, parseDocument, visit } from 'yaml';

/** Why a text is not taken; the caller knows which file it came from. */
export class YamlError extends Error {}

/** Configurations and the headers of cards take a few kilobytes. */
const LARGEST = 2 ** 20;
const DEEPEST = 64;
/** Each may stand for many more. */
const MOST_ALIASES = 100;

/**
 * The value of a YAML text from anywhere, merge keys (`<<`) included. Refuses what could take for ever or fill the
 * memory, unresolved aliases and tags, and a key that stands twice. Throws `YamlError`.
 */
export function parseYaml(text: string, mostAliases = MOST_ALIASES): unknown {
  if (text.length > LARGEST) throw new YamlError(`it is longer than ${LARGEST} characters`);
  refuseDepth(text);
  try {
    // The library looks for equal keys in a time that grows with their square.
    const document = parseDocument(text, { merge: true, uniqueKeys: false, logLevel: 'error' });
    const [trouble] = [...document.errors, ...document.warnings];
    // The parser catches its own stack's end.
    if (trouble?.message.startsWith('Maximum call stack')) throw new YamlError(tooDeep);
    if (trouble) throw new YamlError(trouble.message.split('\n')[0]!.replace(/[.:]$/, ''));
    refuseTwice(document);
    return document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    if (error instanceof YamlError) throw error;
    // What the library throws here are aliases without an anchor, too many of them, and its stack's end.
    throw new YamlError(error instanceof RangeError ? tooDeep : (error as Error).message, { cause: error });
  }
}

const tooDeep = `it is nested more than ${DEEPEST} levels deep`;

/** Before anything is built: brackets that open others, and lines that are indented ever more. */
function refuseDepth(text: string): void {
  let brackets = 0;
  for (const char of text) {
    if (char === '[' || char === '{') brackets++;
    else if (char === ']' || char === '}') brackets = Math.max(0, brackets - 1);
    if (brackets > DEEPEST) throw new YamlError(tooDeep);
  }
  const indents: number[] = [];
  for (const [, spaces = ''] of text.matchAll(/^( *)(?=[^\s#])/gm)) {
    while (indents.length > 0 && indents.at(-1)! >= spaces.length) indents.pop();
    indents.push(spaces.length);
    if (indents.length > DEEPEST) throw new YamlError(tooDeep);
  }
}

function refuseTwice(document: ReturnType<typeof parseDocument>): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name: unknown = isScalar(key) ? key.value : key;
        if (isMap(name)) throw new YamlError('a key is a map');
        if (seen.has(name) && name !== '<<')
          throw new YamlError(`the key "${String(name)}" stands there twice`);
        seen.add(name);
      }
    },
  });
}
