import { importLines } from './python-text.ts';

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

  /** The whole text below `head`. */
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
