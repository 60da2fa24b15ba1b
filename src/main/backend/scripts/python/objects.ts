import type { Source, SyntaxNode } from './syntax.ts';
import {
  constant,
  constantOf,
  either,
  symbol,
  unknown,
  type Call,
  type Constant,
  type FunctionValue,
  type Located,
  type Scope,
  type Value,
} from './values.ts';

/** The state of a script that is being read; `Reader` has it. */
export interface Reading {
  readonly source: Source;
  scope: Scope;
  /** The condition, known only at run time, under which statements are being read. */
  condition: string | null;
  readonly calls: Call[];
  /** `x.name = value`, with the condition that is open there. */
  readonly fieldsSet: { of: Value; name: string; value: Value; line: number; condition: string | null }[];
  within<T>(work: () => T): T;
  textOf(node: SyntaxNode): string;
  lineOf(node: SyntaxNode): number;
  lookup(name: string): Value;
  note(line: number, why: string): void;
  /** Reads a function that a library would call, with arguments that nobody knows. */
  callback(fn: FunctionValue): void;
  /** Reads the body of a function with its arguments bound; what it returns. */
  enter(fn: FunctionValue, args: readonly Located[], named: ReadonlyMap<string, Located>): Value;
}

/** Longer texts and lists are not put together. */
export const longest = 10_000;

/** `of.name`. */
export function memberOf(of: Value, name: string): Value {
  if (of.kind === 'symbol') return symbol(`${of.path}.${name}`);
  if (of.kind === 'class') return of.entries.get(name)?.value ?? unknown(`${of.name}.${name}`);
  const isObject = of.kind === 'dict' && of.type !== null;
  const own = isObject ? of.entries.get(name) : of.kind === 'call' ? of.call.named.get(name) : undefined;
  if (isObject && own?.value.kind === 'function') return { ...own.value, self: of };
  return own?.value ?? { kind: 'member', of, name };
}

/** `of[key]`. */
export function itemOf(of: Value, key: Value): Value {
  const name = constantOf(key);
  if (of.kind === 'dict' && name !== undefined)
    return of.entries.get(String(name))?.value ?? unknown(`there is no ${String(name)} in the dictionary`);
  if (of.kind === 'list' && typeof name === 'number')
    return of.items.at(name)?.value ?? unknown('the list is shorter');
  const set = of.kind === 'call' && name !== undefined ? of.call.items.get(String(name))?.value : undefined;
  return set ?? { kind: 'item', of, key };
}

/** Whether a condition holds; undefined where that is known only at run time. */
export function truthOf(value: Value): boolean | undefined {
  if (value.kind === 'constant') return Boolean(value.value);
  if (value.kind === 'list') return value.items.length > 0;
  if (value.kind === 'dict') return value.type !== null || value.entries.size > 0;
  return value.kind === 'class' || value.kind === 'function' ? true : undefined;
}

const operators: Readonly<Record<string, (a: number, b: number) => Constant>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': (a, b) => Math.floor(a / b),
  '%': (a, b) => a - Math.floor(a / b) * b,
  '**': (a, b) => a ** b,
  '<<': (a, b) => a * 2 ** b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

/** What an operator of two values gives. */
export function operate(operator: string, left: Value, right: Value): Value {
  const [a, b] = [constantOf(left), constantOf(right)];
  const isNone = b === null && truthOf(left) !== undefined;
  if (/^(==|!=|is|is not)$/.test(operator) && (isNone || (a !== undefined && b !== undefined)))
    return constant((a === b) === (operator === '==' || operator === 'is'));
  if (left.kind === 'list' && right.kind === 'list' && operator === '+') {
    const items = [...left.items, ...right.items];
    return items.length > longest ? unknown('a long list') : { kind: 'list', items };
  }
  // A path of pathlib, too.
  if (typeof a === 'string' && typeof b === 'string' && /^[+/]$/.test(operator))
    return joined([a, operator === '/' ? '/' : '', b]);
  const result = typeof a === 'number' && typeof b === 'number' ? operators[operator]?.(a, b) : undefined;
  const isFinite = typeof result !== 'number' || Number.isFinite(result);
  return result === undefined || !isFinite ? unknown() : constant(result);
}

export function joined(texts: readonly unknown[]): Value {
  if (!texts.every((text) => typeof text === 'string')) return unknown('a text that is put together');
  const text = texts.join('');
  return text.length > longest ? unknown('a long text') : constant(text);
}

export function loseKeys(entries: Map<string, Located>, line: number): void {
  entries.clear();
  entries.set('**', { value: unknown('a dictionary with unknown parts'), line });
}

/**
 * `of[key] = value`, or a field where a call is what has it. Without a key nothing is known of the whole any more; a
 * change on a condition under which the object itself was not made leaves the value open.
 */
export function setEntry(
  reader: Reading,
  of: Value,
  key: Constant | undefined,
  { value, line }: Located,
  where: 'named' | 'items' = 'items',
): void {
  if (of.kind === 'list') of.items.push({ value: unknown('the list is changed'), line });
  const owner = of.kind === 'call' ? of.call : of.kind === 'dict' || of.kind === 'class' ? of : undefined;
  if (!owner) return;
  const into = 'entries' in owner ? owner.entries : owner[where];
  if (key === undefined && 'entries' in owner) return loseKeys(into, line);
  const name = key === undefined ? '**' : String(key);
  const why = `it is set in line ${line} on a condition`;
  const isOpen = owner.condition !== reader.condition;
  const before = into.get(name)?.value ?? unknown(why);
  into.set(name, { value: isOpen ? either(before, value, why) : value, line });
}
