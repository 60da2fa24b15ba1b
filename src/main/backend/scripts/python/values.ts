import { isDeepStrictEqual } from 'node:util';
import type { SyntaxNode } from './syntax.ts';

export type Constant = string | number | boolean | null;

/** A value and the line that says it. */
export interface Located {
  value: Value;
  line: number;
}

/** What is made while a condition is open may be changed under the same condition; null: none is open. */
interface Conditional {
  condition: string | null;
}

/** A call as it stands in the script; what it would give is not worked out. */
export class Call implements Conditional {
  readonly args: Located[] = [];
  named = new Map<string, Located>();
  /** `x["key"] = …` behind the call. */
  readonly items = new Map<string, Located>();
  /** The script's own class that extends what is called. */
  subclass?: ClassValue;
  callee: Value;
  readonly line: number;
  readonly condition: string | null;

  constructor(callee: Value, line: number, condition: string | null) {
    this.callee = callee;
    this.line = line;
    this.condition = condition;
  }

  /** The last part of what is called: `from_pretrained`, `LoraConfig`; empty where that is not known. */
  get name(): string {
    const { callee } = this;
    if (callee.kind === 'symbol') return callee.path.split('.').at(-1)!;
    return callee.kind === 'member' || callee.kind === 'function' ? callee.name : '';
  }

  /** What a method is called on; undefined: no method is called. */
  get on(): Value | undefined {
    return this.callee.kind === 'member' ? this.callee.of : undefined;
  }

  /** The class that a class method is called on: `AutoTokenizer` of `AutoTokenizer.from_pretrained(…)`. */
  get owner(): string {
    return this.callee.kind === 'symbol' ? (this.callee.path.split('.').at(-2) ?? '') : '';
  }

  /** What comes first in a chain: `a` of `f(a)`, `a.f()`. */
  get source(): Value | undefined {
    return this.args[0]?.value ?? this.on;
  }

  /** An argument by its name, or by its position where it was given without one. */
  argument(name: string, position = -1): Located | undefined {
    return this.named.get(name) ?? this.args[position];
  }

  constant(name: string, position?: number): Constant | undefined {
    return constantOf(this.argument(name, position)?.value);
  }

  text(name: string, position?: number): string | undefined {
    return textOf(this.argument(name, position)?.value);
  }
}

export interface FunctionValue {
  kind: 'function';
  name: string;
  parameters: { name: string; initial: Located | undefined; rest: boolean }[];
  /** Statements, or the expression of a lambda. */
  body: SyntaxNode;
  scope: Scope;
  /** The object that a method belongs to. */
  self?: Value;
  line: number;
}

export interface ClassValue extends Conditional {
  kind: 'class';
  name: string;
  bases: Value[];
  entries: Map<string, Located>;
}

/** A dictionary; with a `type`, an instance: of a class of the script, of argparse's results. */
export interface DictValue extends Conditional {
  kind: 'dict';
  type: string | null;
  entries: Map<string, Located>;
}

/** What is known of an expression without running it. */
export type Value =
  | { kind: 'constant'; value: Constant }
  | { kind: 'list'; items: Located[] }
  | DictValue
  /** Something imported or built in, by its full name: `peft.LoraConfig`. */
  | { kind: 'symbol'; path: string }
  | { kind: 'member'; of: Value; name: string }
  | { kind: 'item'; of: Value; key: Value }
  | { kind: 'call'; call: Call }
  | FunctionValue
  | ClassValue
  /** The argument of a function that the script hands to a library: a batch of rows. */
  | { kind: 'parameter'; name: string }
  /** `over`: of a comprehension, what it goes through. */
  | { kind: 'unknown'; why: string; over?: Value };

export const atRunTime = 'it is worked out while the script runs';

export const constant = (value: Constant): Value => ({ kind: 'constant', value });
export const unknown = (why = atRunTime): Value => ({ kind: 'unknown', why });
export const symbol = (path: string): Value => ({ kind: 'symbol', path });

/** Names of a function or of the module. */
export class Scope extends Map<string, Value> {
  private readonly parent: Scope | undefined;

  constructor(parent?: Scope) {
    super();
    this.parent = parent;
  }

  lookup(name: string): Value | undefined {
    return this.get(name) ?? this.parent?.lookup(name);
  }
}

/** The constant of a value; undefined when it is none. */
export function constantOf(value: Value | undefined): Constant | undefined {
  return value?.kind === 'constant' ? value.value : undefined;
}

export function textOf(value: Value | undefined): string | undefined {
  const found = constantOf(value);
  return typeof found === 'string' ? found : undefined;
}

export function numberOf(value: Value | undefined): number | undefined {
  const found = constantOf(value);
  return typeof found === 'number' ? found : undefined;
}

/** Parts of a value looked at before it counts as not known; a list may hold itself, or another twice and so on. */
const mostParts = 20_000;
const deepestParts = 50;

/** A value as plain data; undefined where a part of it is not known. */
export function plain(value: Value | undefined): { data: unknown } | undefined {
  let parts = 0;
  const dataOf = (at: Value, depth: number): unknown => {
    if (++parts > mostParts || depth > deepestParts) throw new NotPlain();
    if (at.kind === 'constant') return at.value;
    if (at.kind === 'list') return at.items.map((item) => dataOf(item.value, depth + 1));
    if (at.kind === 'dict' && at.type === null)
      return Object.fromEntries([...at.entries].map(([key, entry]) => [key, dataOf(entry.value, depth + 1)]));
    // Enumerations: TaskType.SEQ_CLS, IntervalStrategy.EPOCH.
    if (at.kind === 'symbol' && /\.[A-Z][A-Za-z]+\.[A-Z_0-9]+$/.test(at.path))
      return at.path.split('.').at(-1);
    throw new NotPlain();
  };
  try {
    return value && { data: dataOf(value, 0) };
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class NotPlain extends Error {}

/** What a name stands for behind two ways through the script; an object beside None is the object. */
export function either(a: Value | undefined, b: Value | undefined, why: string): Value {
  if (!a || !b || a === b) return a ?? b ?? unknown(why);
  const [left, right] = [plain(a), plain(b)];
  if (left && isDeepStrictEqual(left, right)) return a;
  if (left?.data === null && !right) return b;
  return right?.data === null && !left ? a : unknown(why);
}
