import { filled, type ParametersOf } from '../../../../shared/faults/fault.ts';
import type { Recipe } from '../../../../shared/contract/scripts.ts';
import type { Reader } from '../python/reader.ts';
import { atRunTime, plain, type Call, type FunctionValue, type Located } from '../python/values.ts';
import { reasonTexts, trapTexts } from './texts.ts';

type Traps = typeof trapTexts;
type Reasons = typeof reasonTexts;

/** A script while its recipe is put together: where a setting was read, a trap, a line that was not understood. */
export class ScriptReading {
  readonly read: Recipe['read'] = [];
  readonly traps: Recipe['traps'] = [];
  readonly reader: Reader;
  readonly calls: readonly Call[];
  /** The calls that say what trains, on what and how. */
  trainer: Call | undefined;
  args: Call | undefined;
  model: Call | undefined;
  adapter: Call | undefined;

  constructor(reader: Reader) {
    this.reader = reader;
    this.calls = reader.calls;
  }

  /** Says that a setting was read from a line. */
  found(path: string, line: number, value: unknown): void {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    this.read.push({ path, line, value: text.slice(0, 500) });
  }

  /** What stands before the slash of a text's name is the trap's code. */
  trap<Name extends keyof Traps>(
    name: Name,
    line: number | null,
    parameters: ParametersOf<Traps[Name]>,
  ): void {
    const trap = { code: name.split('/')[0]!, line, ...filled(trapTexts[name], parameters) };
    const isSaid = this.traps.some(
      (other) => other.code === trap.code && other.line === line && other.message === trap.message,
    );
    if (!isSaid) this.traps.push(trap);
  }

  /** Something that stands on a line and is not taken; each is said, also where a line holds several. */
  notTaken<Name extends keyof Reasons>(
    name: Name,
    line: number,
    parameters: ParametersOf<Reasons[Name]>,
  ): void {
    this.reader.add(line, filled(`${reasonTexts[name]}\n`, parameters).message);
  }

  /** An argument as plain data; one that is known only at run time is noted. */
  value(name: string, { value, line }: Located): { data: unknown } | undefined {
    const known = plain(value);
    if (!known) this.notTaken('value', line, { name, why: value.kind === 'unknown' ? value.why : atRunTime });
    return known;
  }
}

/** Methods of the script's own Trainer. */
export const ownMethods = (trainer: Call | undefined): FunctionValue[] =>
  [...(trainer?.subclass?.entries.values() ?? [])].flatMap(({ value }) =>
    value.kind === 'function' ? [value] : [],
  );

/** Settings that mean something only beside each other; `needs`: without which these would mean something else. */
export interface Group {
  names: readonly string[];
  needs?: readonly string[];
}

/** A section of the recipe: what was read by the name of the setting, and the line of what could not be taken. */
export class Section {
  readonly values = new Map<string, { data: unknown; line: number }>();
  readonly lost = new Map<string, number>();
  readonly script: ScriptReading;

  constructor(script: ScriptReading) {
    this.script = script;
  }

  lose(name: string, line: number): void {
    this.values.delete(name);
    if (!this.lost.has(name)) this.lost.set(name, line);
  }

  /** Takes out what depends on a setting that could not be taken, and says so: a group is taken whole or not at all. */
  dropDependents(groups: readonly Group[]): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const { names, needs = [] } of groups) {
        const cause = [...names, ...needs].find((name) => this.lost.has(name));
        for (const name of cause === undefined ? [] : names) {
          const { line } = this.values.get(name) ?? {};
          if (line === undefined) continue;
          this.lose(name, line);
          changed = true;
          this.script.trap('not-taken', line, { name, cause: cause!, at: this.lost.get(cause!)! });
        }
      }
    }
  }

  /** The settings that were taken, each said with its line. */
  commit(path: string): Record<string, unknown> {
    for (const [name, { data, line }] of this.values) this.script.found(`${path}.${name}`, line, data);
    return Object.fromEntries([...this.values].map(([name, { data }]) => [name, data]));
  }
}
