import type { SyntaxNode } from './syntax.ts';

/** A value and the line that says it. */
export interface Placed {
  value: Value;
  line: number;
}

/** A call as it stands in the script; what it would give is not worked out. */
export interface Call {
  callee: Value;
  args: Placed[];
  named: Map<string, Placed>;
  line: number;
  /** `x["key"] = …` behind the call. */
  items: Map<string, Placed>;
}

export interface FunctionValue {
  name: string;
  parameters: { name: string; initial: Placed | undefined; rest: boolean }[];
  /** Statements, or the one expression of a lambda. */
  body: SyntaxNode;
  isLambda: boolean;
  scope: Scope;
  /** The object that a method belongs to. */
  self?: Value;
  line: number;
}

export interface ClassValue {
  name: string;
  bases: Value[];
  fields: Map<string, Placed>;
  line: number;
}

/** What is known of an expression without running it. */
export type Value =
  | { kind: 'constant'; value: string | number | boolean | null }
  | { kind: 'list'; items: Placed[] }
  | { kind: 'dict'; entries: Map<string, Placed> }
  /** An instance: of a class of the script, of argparse's results. */
  | { kind: 'object'; type: string; fields: Map<string, Placed> }
  /** Something imported or built in, by its full name: `peft.LoraConfig`. */
  | { kind: 'symbol'; path: string }
  | { kind: 'member'; of: Value; name: string }
  | { kind: 'item'; of: Value; key: Value }
  | { kind: 'call'; call: Call }
  | { kind: 'function'; function: FunctionValue }
  | { kind: 'class'; class: ClassValue }
  /** The argument of a function that the script hands to a library: a batch of rows. */
  | { kind: 'parameter'; name: string }
  /** `over`: of a comprehension, what it goes through. */
  | { kind: 'unknown'; why: string; over?: Value };

export const constant = (value: string | number | boolean | null): Value => ({ kind: 'constant', value });
export const unknown = (why: string): Value => ({ kind: 'unknown', why });
export const symbol = (path: string): Value => ({ kind: 'symbol', path });

/** Names of one function or of the module. */
export class Scope {
  private readonly names = new Map<string, Value>();
  private readonly parent: Scope | undefined;

  constructor(parent?: Scope) {
    this.parent = parent;
  }

  get(name: string): Value | undefined {
    return this.names.get(name) ?? this.parent?.get(name);
  }

  set(name: string, value: Value): void {
    this.names.set(name, value);
  }

  own(): Map<string, Value> {
    return this.names;
  }
}

/** The constant of a value; undefined when it is none. */
export function constantOf(value: Value | undefined): string | number | boolean | null | undefined {
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

/** The last part of what is called: `from_pretrained`, `LoraConfig`; empty where that is not known. */
export function calledName(call: Call): string {
  const { callee } = call;
  if (callee.kind === 'symbol') return callee.path.split('.').at(-1)!;
  if (callee.kind === 'member') return callee.name;
  return callee.kind === 'function' ? callee.function.name : '';
}

/** The name of the class that a class method is called on: `AutoTokenizer` of `AutoTokenizer.from_pretrained(…)`. */
export function ownerName(call: Call): string {
  return call.callee.kind === 'symbol' ? (call.callee.path.split('.').at(-2) ?? '') : '';
}

/** An argument by its name, or by its place where it was given without one. */
export function argument(call: Call, name: string, place = -1): Placed | undefined {
  return call.named.get(name) ?? (place >= 0 ? call.args[place] : undefined);
}

/** A value as plain data; undefined where a part of it is not known. */
export function plain(value: Value): { data: unknown } | undefined {
  switch (value.kind) {
    case 'constant':
      return { data: value.value };
    case 'symbol':
      // Enumerations: TaskType.SEQ_CLS, IntervalStrategy.EPOCH.
      return /\.[A-Z][A-Za-z]+\.[A-Z_0-9]+$/.test(value.path)
        ? { data: value.path.split('.').at(-1)! }
        : undefined;
    case 'list': {
      const items = value.items.map((item) => plain(item.value));
      return items.every((item) => item !== undefined) ? { data: items.map(({ data }) => data) } : undefined;
    }
    case 'dict': {
      const entries = [...value.entries].map(([key, entry]) => [key, plain(entry.value)] as const);
      if (entries.some(([, entry]) => entry === undefined)) return undefined;
      return { data: Object.fromEntries(entries.map(([key, entry]) => [key, entry!.data])) };
    }
    default:
      return undefined;
  }
}
