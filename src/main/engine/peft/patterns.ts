import { createContext, Script } from 'node:vm';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';

/** All patterns of one configuration take far less over the few hundred modules of a model. */
const BUDGET_MS = 1000;

const context = createContext({ regex: null, paths: [], found: [] }) as {
  regex: RegExp | null;
  paths: readonly string[];
  found: (RegExpExecArray | null)[];
};
const script = new Script('found = paths.map((path) => regex.exec(path))');

/**
 * Regular expressions of Python, as configurations hold them, over the paths of a model's modules. An expression that
 * goes back and forth over a path for ever is ended: it runs in a context of its own, which the engine can stop.
 */
export class Patterns {
  readonly #paths: readonly string[];
  readonly #found = new Map<string, ReadonlyMap<string, RegExpExecArray>>();
  #left = BUDGET_MS;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** The match of a pattern, between `before` and `after`, in each path that has one. Throws `peft/bad-pattern`. */
  matches(
    field: string,
    before: string,
    pattern: string,
    after: string,
  ): ReadonlyMap<string, RegExpExecArray> {
    const key = `${before}${pattern}${after}`;
    const known = this.#found.get(key);
    if (known) return known;
    const start = performance.now();
    context.regex = compiled(field, before, pattern, after);
    context.paths = this.#paths;
    try {
      script.runInContext(context, { timeout: Math.max(1, Math.ceil(this.#left)) });
    } catch (error) {
      // It comes from the context, whose Error is another one than ours.
      const { code } = z.object({ code: z.unknown().optional() }).parse(error);
      if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw fault('peft/slow-pattern', { field, pattern, seconds: BUDGET_MS / 1000 });
    }
    this.#left -= performance.now() - start;
    const found = new Map<string, RegExpExecArray>();
    this.#paths.forEach((path, i) => {
      const match = context.found[i];
      if (match) found.set(path, match);
    });
    this.#found.set(key, found);
    return found;
  }
}

function compiled(field: string, before: string, pattern: string, after: string): RegExp {
  try {
    return new RegExp(`${before}${pattern.replaceAll('(?P<', '(?<')}${after}`, 's');
  } catch (error) {
    // V8 says what is wrong behind the whole expression, of which a part is ours.
    const reason = (error as Error).message.split(': ').at(-1)!;
    throw fault('peft/bad-pattern', { field, pattern, reason });
  }
}
