import type { Reader } from './reader.ts';
import { childrenOf, type SyntaxNode } from './syntax.ts';
import { symbol } from './values.ts';

/** Binds the names of `import a.b as c` and `from a import b as c` to what they stand for. */
export function readImport(reader: Reader, node: SyntaxNode): void {
  let module = '';
  let importing = false;
  let path = '';
  const parts = childrenOf(node);
  const isFrom = parts[0]?.name === 'from';
  const bind = (name: string, full: string): void => reader.scope.set(name, symbol(full));
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i]!;
    const text = reader.textOf(part);
    if (part.name === 'import') {
      importing = true;
      module = path;
      path = '';
    } else if (part.name === ',') path = '';
    else if (part.name === '*') reader.wildcards.push(module);
    else if (part.name === '.' || part.name === 'VariableName') {
      path += text;
      if (part.name === '.' || (isFrom && !importing)) continue;
      const full = isFrom ? `${module}.${path}` : path;
      const alias = parts[i + 1]?.name === 'as' ? parts[i + 2] : undefined;
      if (alias) {
        bind(reader.textOf(alias), full);
        i += 2;
      } else if (parts[i + 1]?.name !== '.') {
        // `import a.b` binds a.
        const first = path.split('.')[0]!;
        bind(isFrom ? path : first, isFrom ? full : first);
      }
    }
  }
}
