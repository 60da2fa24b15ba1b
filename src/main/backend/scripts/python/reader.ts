import { applyCall } from './apply.ts';
import { evaluate } from './expressions.ts';
import { builtinNames } from './known.ts';
import { runBody } from './statements.ts';
import { childrenOf, type Source, type SyntaxNode } from './syntax.ts';
import { Scope, symbol, unknown, type Call, type FunctionValue, type Placed, type Value } from './values.ts';

/** Expressions and statements looked at before reading ends; a usual script has a few thousand. */
const mostSteps = 300_000;
const deepest = 120;
const mostNotes = 500;
const longestReason = 2000;

/** Reading ends here, with what was found so far. */
class ReadingEnded extends Error {}

/** Reads a script from top to bottom without running it: names, constants, and the calls it would make. */
export class Reader {
  readonly source: Source;
  scope = new Scope();
  /** In the order in which the script makes them, each place of the text once. */
  readonly calls: Call[] = [];
  readonly notUnderstood = new Map<number, string>();
  /** Functions that the script defines, and those that were read because something calls them. */
  readonly functions: FunctionValue[] = [];
  readonly entered = new Set<SyntaxNode>();
  /** Lines that switch off the training of weights; `part`: not all but the head, and on what condition. */
  readonly frozenAt: { line: number; part: string | null }[] = [];
  /** The condition, known only at run time, under which statements are being read. */
  condition: string | null = null;
  /** Modules that are switched on again: `model.classifier.requires_grad_(True)`. */
  readonly trainedModules: string[] = [];
  /** Methods of Trainer that a class of the script replaces, and their lines. */
  readonly replaced = new Map<string, number>();
  /** Modules of `from x import *`. */
  readonly wildcards: string[] = [];
  private readonly placed = new Map<number, Call>();
  private steps = 0;
  private depth = 0;
  private silent = 0;
  private lastLine = 1;

  constructor(source: Source) {
    this.source = source;
  }

  /** Reads everything, or as much as the limits allow. */
  read(): void {
    for (const line of this.source.brokenLines) this.note(line, 'It is not Python.');
    try {
      runBody(this, childrenOf(this.source.root));
      // Functions that nothing in the text calls: handed to a library by name, or the call was cut off.
      this.silent++;
      for (const fn of this.functions) if (!this.entered.has(fn.body)) this.enter(fn, [], new Map());
      this.silent--;
    } catch (error) {
      if (!(error instanceof ReadingEnded)) throw error;
      this.silent = 0;
      this.note(this.lastLine, 'The script is too long or too deep; it was read up to here.');
    }
  }

  /** One more step, one level deeper. */
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

  slice(from: number, to: number): string {
    return this.source.text.slice(from, to);
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

  /** Work whose lines are not noted: functions that a library would call. */
  silently<T>(work: () => T): T {
    this.silent++;
    try {
      return work();
    } finally {
      this.silent--;
    }
  }

  /** Notes `param.requires_grad = False`, with what is frozen by it. */
  freeze(of: Value, line: number): void {
    const isHead = /classifier|score|head/.test(this.condition ?? '');
    const isWhole = isWholeModel(of) && (this.condition === null || isHead);
    this.frozenAt.push({ line, part: isWhole ? null : (this.condition ?? '') });
  }

  lookup(name: string): Value {
    const module = builtinNames.has(name) ? undefined : this.wildcards.at(-1);
    return this.scope.get(name) ?? symbol(module === undefined ? `builtins.${name}` : `${module}.${name}`);
  }

  /** The items of a list or the arguments without a name. */
  listItems(node: SyntaxNode): Placed[] {
    const items: Placed[] = [];
    const parts = childrenOf(node);
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (/^[()[\]{},]$/.test(part.name)) continue;
      if (part.name === '*') {
        const spread = parts[++i] ? evaluate(this, parts[i]!) : undefined;
        if (spread?.kind === 'list') items.push(...spread.items);
        else items.push({ value: unknown('a list that is not known'), line: this.lineOf(part) });
      } else items.push({ value: evaluate(this, part), line: this.lineOf(part) });
    }
    return items;
  }

  parameters(list: SyntaxNode): FunctionValue['parameters'] {
    const parameters: FunctionValue['parameters'] = [];
    const parts = childrenOf(list);
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (part.name !== 'VariableName') continue;
      const rest = parts[i - 1]?.name === '*' || parts[i - 1]?.name === '**';
      const at = parts[i + 1]?.name === 'TypeDef' ? i + 2 : i + 1;
      const initial =
        parts[at]?.name === 'AssignOp' && parts[at + 1]
          ? { value: evaluate(this, parts[at + 1]!), line: this.lineOf(parts[at + 1]!) }
          : undefined;
      parameters.push({ name: this.textOf(part), initial, rest });
      if (initial) i = at + 1;
    }
    return parameters;
  }

  call(node: SyntaxNode): Value {
    const [calleeNode, list] = childrenOf(node);
    if (!calleeNode || !list) return unknown('an incomplete call');
    const callee = evaluate(this, calleeNode);
    const args: Placed[] = [];
    const named = new Map<string, Placed>();
    const parts = childrenOf(list);
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (/^[(),]$/.test(part.name)) continue;
      const line = this.lineOf(part);
      if (part.name === 'VariableName' && parts[i + 1]?.name === 'AssignOp' && parts[i + 2]) {
        named.set(this.textOf(part), { value: evaluate(this, parts[i + 2]!), line });
        i += 2;
      } else if (part.name === '*' && parts[i + 1]) {
        const spread = evaluate(this, parts[++i]!);
        args.push(...(spread.kind === 'list' ? spread.items : []));
      } else if (part.name === '**' && parts[i + 1]) {
        const spread = evaluate(this, parts[++i]!);
        if (spread.kind === 'dict') for (const [key, entry] of spread.entries) named.set(key, entry);
        else this.note(line, 'The arguments behind ** are known only while the script runs.');
      } else args.push({ value: evaluate(this, part), line });
    }
    const known = this.placed.get(list.from);
    const call: Call = {
      callee,
      args,
      named,
      line: this.lineOf(list),
      items: known?.items ?? new Map<string, Placed>(),
    };
    if (!known) this.calls.push(call);
    // A function that is read again for another caller says more the second time.
    else Object.assign(known, call);
    const place = known ?? call;
    this.placed.set(list.from, place);
    return applyCall(this, place);
  }

  /** Reads the body of a function with its arguments bound; what it returns. */
  enter(fn: FunctionValue, args: readonly Placed[], named: ReadonlyMap<string, Placed>): Value {
    return this.within(() => {
      this.entered.add(fn.body);
      const outer = this.scope;
      this.scope = new Scope(fn.scope);
      const given = fn.self ? [{ value: fn.self, line: fn.line }, ...args] : args;
      let place = 0;
      for (const { name, initial, rest } of fn.parameters) {
        const bound = rest ? undefined : (named.get(name) ?? given[place++] ?? initial);
        this.scope.set(name, bound?.value ?? { kind: 'parameter', name });
      }
      try {
        if (fn.isLambda) return evaluate(this, fn.body);
        return runBody(this, childrenOf(fn.body)) ?? { kind: 'constant', value: null };
      } finally {
        this.scope = outer;
      }
    });
  }
}

/** Whether weights are those of a model, or of its encoder: `model.bert.parameters()`, also one of them in a loop. */
function isWholeModel(value: Value): boolean {
  if (value.kind === 'unknown') return value.over !== undefined && isWholeModel(value.over);
  if (value.kind === 'item') return isWholeModel(value.of);
  if (value.kind === 'member') return value.of.kind !== 'member' && !/classifier|score|head/.test(value.name);
  if (value.kind !== 'call') return value.kind === 'parameter';
  const { callee } = value.call;
  const isList = callee.kind === 'member' && /^(named_)?parameters$/.test(callee.name);
  return isList ? isWholeModel(callee.of) : true;
}
