import { assign, evaluate, functionOf, listItems } from './expressions.ts';
import { operate, truthOf, type Reading } from './objects.ts';
import { builtinNames } from './known.ts';
import { childrenOf, type Source, type SyntaxNode } from './syntax.ts';
import {
  constant,
  either,
  Scope,
  symbol,
  unknown,
  type Call,
  type ClassValue,
  type FunctionValue,
  type Located,
  type Value,
} from './values.ts';

/** Expressions and statements looked at before reading ends; a usual script has a few thousand. */
const mostSteps = 300_000;
const deepest = 120;
/** Functions of the script inside each other: `main`, what it calls, what that calls, and a callback. */
const deepestCalls = 4;
const mostNotes = 500;
const longestReason = 2000;

/** Reading ends here, with what was found so far. */
class ReadingEnded extends Error {}

/** Reads a script from top to bottom without running it: names, constants, and the calls it would make. */
export class Reader implements Reading {
  readonly source: Source;
  scope = new Scope();
  /** In the order in which the script makes them. */
  readonly calls: Call[] = [];
  /** `x.name = value`, with the condition that is open there. */
  readonly fieldsSet: { of: Value; name: string; value: Value; line: number; condition: string | null }[] =
    [];
  readonly notUnderstood = new Map<number, string>();
  condition: string | null = null;
  private readonly module = this.scope;
  private readonly functions: FunctionValue[] = [];
  private readonly entered = new Set<SyntaxNode>();
  /** Bodies of functions that are being read, and what the innermost one returns. */
  private readonly active: SyntaxNode[] = [];
  private returned: Value[] = [];
  /** The module of `from x import *`. */
  private wildcard = 'builtins';
  private steps = 0;
  private depth = 0;
  private silent = 0;
  private isEnded = false;
  private lastLine = 1;

  constructor(source: Source) {
    this.source = source;
  }

  /** Reads everything, or as much as the limits allow. */
  read(): void {
    for (const line of this.source.brokenLines) this.note(line, 'It is not Python.');
    try {
      this.run(childrenOf(this.source.root));
      // Functions that nothing in the text calls: handed to a library by name, or the call was cut off.
      this.isEnded = true;
      for (const fn of this.functions) this.callback(fn);
    } catch (error) {
      if (!(error instanceof ReadingEnded)) throw error;
      this.silent = 0;
      this.note(this.lastLine, 'The script is too long or too deep; it was read up to here.');
    }
  }

  /** A step further, a level deeper. */
  within<T>(work: () => T): T {
    if (++this.steps > mostSteps || this.depth > deepest) throw new ReadingEnded();
    this.depth++;
    try {
      return work();
    } finally {
      this.depth--;
    }
  }

  textOf(node: SyntaxNode): string {
    return this.source.text.slice(node.from, node.to);
  }

  lineOf(node: SyntaxNode): number {
    return (this.lastLine = this.source.lineAt(node.from));
  }

  /** Notes a line that was not understood, the first reason it gets. */
  note(line: number, why: string): void {
    if (this.silent > 0 || this.notUnderstood.size >= mostNotes || this.notUnderstood.has(line)) return;
    this.notUnderstood.set(line, why);
  }

  /** Adds a reason to a line, beside those that it has. */
  add(line: number, why: string): void {
    const before = this.notUnderstood.get(line);
    if (before === undefined) this.note(line, why);
    else if (!before.includes(why) && before.length < longestReason)
      this.notUnderstood.set(line, `${before} ${why}`);
  }

  lookup(name: string): Value {
    return (
      this.scope.lookup(name) ?? symbol(`${builtinNames.has(name) ? 'builtins' : this.wildcard}.${name}`)
    );
  }

  callback(fn: FunctionValue): void {
    if (this.entered.has(fn.body)) return;
    this.silent++;
    this.enter(fn, [], new Map());
    this.silent--;
  }

  enter(fn: FunctionValue, args: readonly Located[], named: ReadonlyMap<string, Located>): Value {
    // What nothing calls adds nothing to what was read.
    if (this.isEnded && this.entered.has(fn.body)) return unknown();
    this.entered.add(fn.body);
    if (this.active.length >= deepestCalls || this.active.includes(fn.body)) {
      this.note(this.lastLine, `${fn.name} is called too deep inside other functions to be followed.`);
      return unknown(`what ${fn.name} gives is not followed`);
    }
    const [outer, outerReturned] = [this.scope, this.returned];
    this.scope = new Scope(fn.scope);
    this.returned = [];
    this.active.push(fn.body);
    const given = fn.self ? [{ value: fn.self, line: fn.line }, ...args] : args;
    let position = 0;
    for (const { name, initial, rest } of fn.parameters) {
      const bound = rest ? undefined : (named.get(name) ?? given[position++] ?? initial);
      this.scope.set(name, bound?.value ?? { kind: 'parameter', name });
    }
    try {
      if (fn.body.name !== 'Body') return evaluate(this, fn.body);
      if (!this.run(childrenOf(fn.body))) this.returned.push(constant(null));
      return this.returned.reduce((a, b) => either(a, b, `${fn.name} may return another value`));
    } finally {
      this.active.pop();
      [this.scope, this.returned] = [outer, outerReturned];
    }
  }

  /** Reads statements in order; true: up to one behind which nothing is reached. */
  private run(statements: readonly SyntaxNode[]): boolean {
    return statements.some((node) => this.within(() => this.statement(node, childrenOf(node))));
  }

  private statement(node: SyntaxNode, parts: readonly SyntaxNode[]): boolean {
    const [first, second, third] = parts;
    switch (node.name) {
      case 'ReturnStatement': {
        const items = listItems(this, parts.slice(1));
        const isList = parts.some(({ name }) => name === ',');
        this.returned.push(isList ? { kind: 'list', items } : (items[0]?.value ?? constant(null)));
        return true;
      }
      case 'RaiseStatement':
      case 'BreakStatement':
      case 'ContinueStatement':
        return true;
      case 'IfStatement':
        return this.readIf(parts);
      case 'ForStatement':
      case 'WhileStatement':
        return this.readLoop(node, parts);
      case 'WithStatement':
        for (const part of parts) if (part.name === 'CallExpression') evaluate(this, part);
        return this.run(bodyOf(parts));
      case 'TryStatement':
        // What is read is the way without a fault.
        return this.run(bodyOf(parts));
      case 'DecoratedStatement':
      case 'StatementGroup':
        return this.run(parts);
      case 'ImportStatement':
        this.readImport(parts);
        break;
      case 'ExpressionStatement':
        for (const part of parts) evaluate(this, part);
        break;
      case 'AssignStatement':
        this.readAssignment(parts);
        break;
      case 'UpdateStatement': {
        if (!first || !second || !third) break;
        const [left, right] = [evaluate(this, first), evaluate(this, third)];
        assign(this, [first], operate(this.textOf(second).slice(0, -1), left, right));
        break;
      }
      case 'DeleteStatement':
        for (const part of parts.slice(1)) assign(this, [part], unknown('it is deleted'));
        break;
      case 'ScopeStatement':
        for (const part of parts.slice(1))
          this.module.set(this.textOf(part), unknown('a function changes it as a global name'));
        break;
      case 'MatchStatement':
        this.note(this.lineOf(node), 'The cases of match are not followed.');
        break;
      case 'FunctionDefinition': {
        const fn = functionOf(this, this.nameIn(parts), parts);
        this.functions.push(fn);
        this.scope.set(fn.name, fn);
        break;
      }
      case 'ClassDefinition':
        this.defineClass(parts);
    }
    return false;
  }

  private nameIn(parts: readonly SyntaxNode[]): string {
    const name = parts.find((part) => part.name === 'VariableName');
    return name ? this.textOf(name) : '';
  }

  private readAssignment(parts: readonly SyntaxNode[]): void {
    const groups: SyntaxNode[][] = [[]];
    for (const part of parts) {
      if (part.name === 'AssignOp') groups.push([]);
      else if (part.name !== 'TypeDef') groups.at(-1)!.push(part);
    }
    const right = groups.pop()!;
    // `x: int` alone.
    if (groups.length === 0 || right.length === 0) return;
    const items = listItems(this, right);
    const value: Value = right.length > 1 ? { kind: 'list', items } : items[0]!.value;
    for (const targets of groups) assign(this, targets, value);
  }

  /** The branch that holds; where that is not known all of them, and names that differ are not followed. */
  private readIf(parts: readonly SyntaxNode[]): boolean {
    const open: { body: SyntaxNode[]; condition: string | null }[] = [];
    let isComplete = false;
    for (const [i, { name }] of parts.entries()) {
      if (!/^(if|elif|else)$/.test(name) || isComplete) continue;
      const test = name === 'else' ? undefined : parts[i + 1];
      const text = test ? this.textOf(test) : '';
      // The script is read as if it were started.
      const truth = !test || text.startsWith('__name__') ? true : truthOf(evaluate(this, test));
      if (truth === false) continue;
      isComplete = truth === true;
      const before = open.at(-1)?.condition ?? null;
      const rest = before === null ? null : `not (${before})`;
      open.push({ body: bodyOf(parts.slice(i)), condition: isComplete ? rest : text });
    }
    if (isComplete && open.length === 1) return this.run(open[0]!.body);
    return this.alternatives(
      open,
      isComplete,
      `it depends on the condition in line ${this.lineOf(parts[0]!)}`,
    );
  }

  /** Reads bodies of which the script runs one or, unless `isComplete`, none. */
  private alternatives(
    bodies: readonly { body: SyntaxNode[]; condition: string | null }[],
    isComplete: boolean,
    why: string,
  ): boolean {
    const [outer, outerCondition] = [this.scope, this.condition];
    const ends: Scope[] = isComplete ? [] : [new Scope(outer)];
    let leaves = isComplete;
    for (const { body, condition } of bodies) {
      this.scope = new Scope(outer);
      this.condition = condition ?? outerCondition;
      if (this.run(body)) continue;
      ends.push(this.scope);
      leaves = false;
    }
    [this.scope, this.condition] = [outer, outerCondition];
    for (const name of new Set(ends.flatMap((end) => [...end.keys()]))) {
      const values = ends.map((end) => end.lookup(name));
      outer.set(
        name,
        values.reduce((a, b) => either(a, b, why))!,
      );
    }
    return leaves;
  }

  /** The body is read once, with the first item of a known list, and as if it might not run. */
  private readLoop(node: SyntaxNode, parts: readonly SyntaxNode[]): boolean {
    const line = this.lineOf(node);
    const why = `it changes in the loop in line ${line}`;
    const inAt = parts.findIndex(({ name }) => name === 'in');
    const before = this.calls.length;
    if (inAt > 0) {
      const list = evaluate(this, parts[inAt + 1]!);
      const item = list.kind === 'list' ? list.items[0]?.value : undefined;
      assign(this, parts.slice(1, inAt), item ?? { kind: 'unknown', why, over: list });
    }
    const condition = this.source.text.slice(node.from, parts.find(({ name }) => name === 'Body')?.from);
    const leaves = this.alternatives([{ body: bodyOf(parts), condition }], false, why);
    if (this.calls.slice(before).some((call) => /^(Trainer|train|backward)$/.test(call.name)))
      this.note(line, 'The script trains in a loop; only its first pass is read.');
    return leaves;
  }

  /** Fields with their first values, and methods. `field(default=…)` of dataclasses gives its default. */
  private defineClass(parts: readonly SyntaxNode[]): void {
    const name = this.nameIn(parts);
    const list = parts.find((part) => part.name === 'ArgList');
    const bases = list ? listItems(this, childrenOf(list)).map(({ value }) => value) : [];
    const inherited = bases.flatMap((base) => (base.kind === 'class' ? [...base.entries] : []));
    const own: ClassValue = {
      kind: 'class',
      name,
      bases,
      entries: new Map(inherited),
      condition: this.condition,
    };
    const outer = this.scope;
    for (const statement of bodyOf(parts)) {
      // The names of the body are the class's own.
      this.scope = new Scope(outer);
      this.run([statement]);
      for (const [key, value] of this.scope)
        own.entries.set(key, { value: fieldDefault(this, value), line: this.lineOf(statement) });
    }
    this.scope = outer;
    outer.set(name, own);
  }

  /** Binds the names of `import a.b as c` and `from a import b as c` to what they stand for. */
  private readImport(parts: readonly SyntaxNode[]): void {
    const text = parts.map((part) => this.textOf(part)).join(' ');
    const [, module, names = ''] = /^(?:from (.*?) )?import (.*)$/s.exec(text.replaceAll(' . ', '.')) ?? [];
    for (const given of names.replaceAll(/[()]/g, '').split(',')) {
      const [path = '', alias] = given.trim().split(' as ');
      const [first = ''] = path.split('.');
      if (path === '*') this.wildcard = module ?? this.wildcard;
      else if (module !== undefined) this.scope.set(alias ?? path, symbol(`${module}.${path}`));
      // `import a.b` binds a.
      else this.scope.set(alias ?? first, symbol(alias === undefined ? first : path));
    }
  }
}

/** Statements of the first body among the parts of a statement. */
function bodyOf(parts: readonly SyntaxNode[]): SyntaxNode[] {
  const body = parts.find(({ name }) => name === 'Body');
  return body ? childrenOf(body) : [];
}

function fieldDefault(reader: Reader, value: Value): Value {
  if (value.kind !== 'call' || value.call.name !== 'field') return value;
  const { named } = value.call;
  const factory = named.get('default_factory')?.value;
  if (factory?.kind === 'function') return reader.enter(factory, [], new Map());
  return named.get('default')?.value ?? unknown('the field has no default');
}
