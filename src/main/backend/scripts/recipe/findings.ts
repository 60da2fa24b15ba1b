import type { Recipe } from '../../../../shared/contract/scripts.ts';
import { plain, type Call, type Located, type Value } from '../python/values.ts';
import type { SyntaxNode } from '../python/syntax.ts';
import type { Reader } from '../python/reader.ts';

/** Where a setting was read, a trap, a line that was not understood: collected while a recipe is put together. */
export class Findings {
  readonly read: Recipe['read'] = [];
  readonly traps: Recipe['traps'] = [];
  private readonly reader: Reader;

  constructor(reader: Reader) {
    this.reader = reader;
  }

  /** Says that a setting was read from a line. */
  found(path: string, line: number, value: unknown): void {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    this.read.push({ path, line, value: text.slice(0, 500) });
  }

  trap(code: string, line: number | null, message: string, remedy: string): void {
    if (this.traps.some((one) => one.code === code && one.line === line && one.message === message)) return;
    this.traps.push({ code, line, message, remedy });
  }

  /** A setting that stands on a line and is not taken; each is said, also where a line holds several. */
  notUnderstood(line: number, why: string): void {
    this.reader.add(line, why);
  }

  /** The same, where nothing was said of the line yet. */
  unlessNoted(line: number, why: string): void {
    this.reader.note(line, why);
  }

  /** What a name of the script stands for. */
  valueOf(name: string): Value {
    return this.reader.lookup(name);
  }

  textOf(node: SyntaxNode): string {
    return this.reader.textOf(node);
  }

  lineText(line: number): string {
    return this.reader.source.lineText(line);
  }

  /** The arguments of a call as plain data; what is known only at run time is noted and left out. */
  settings(
    call: Call,
    ignored: ReadonlySet<string> = new Set(),
  ): Map<string, { data: unknown; line: number }> {
    const found = new Map<string, { data: unknown; line: number }>();
    for (const [name, placed] of call.named) {
      if (ignored.has(name)) continue;
      const value = this.value(name, placed);
      if (value) found.set(name, { data: value.data, line: placed.line });
    }
    return found;
  }

  /** One argument as plain data. */
  value(name: string, { value, line }: Located): { data: unknown } | undefined {
    const known = plain(value);
    if (!known) {
      const why = value.kind === 'unknown' ? value.why : 'it is worked out while the script runs';
      this.notUnderstood(line, `The value of ${name} is not known: ${why}.`);
    }
    return known;
  }
}
