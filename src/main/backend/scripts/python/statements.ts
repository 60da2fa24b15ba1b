import { evaluate, truthOf } from './expressions.ts';
import { readImport } from './imports.ts';
import type { Reader } from './reader.ts';
import { childrenOf, type SyntaxNode } from './syntax.ts';
import {
  calledName,
  constant,
  constantOf,
  numberOf,
  unknown,
  type FunctionValue,
  type Placed,
  type Value,
} from './values.ts';

/** Reads statements in order; the value of the `return` that is met, or of the first one that may be. */
export function runBody(reader: Reader, statements: readonly SyntaxNode[]): Value | undefined {
  let returned: Value | undefined;
  for (const statement of statements) {
    const result = reader.within(() => runStatement(reader, statement));
    if (!result) continue;
    returned ??= result.value;
    if (result.certain) break;
  }
  return returned;
}

interface Returned {
  value: Value;
  /** Not under a condition that is known only at run time. */
  certain: boolean;
}

const perhaps = (value: Value | undefined): Returned | undefined => value && { value, certain: false };
const certainly = (value: Value | undefined): Returned | undefined => value && { value, certain: true };

function runStatement(reader: Reader, node: SyntaxNode): Returned | undefined {
  switch (node.name) {
    case 'ImportStatement':
      readImport(reader, node);
      return undefined;
    case 'ExpressionStatement':
      for (const child of childrenOf(node)) evaluate(reader, child);
      return undefined;
    case 'AssignStatement':
      readAssignment(reader, node);
      return undefined;
    case 'UpdateStatement':
      readUpdate(reader, node);
      return undefined;
    case 'ReturnStatement': {
      const [, ...values] = childrenOf(node);
      const first = values[0];
      if (values.some(({ name }) => name === ',')) {
        return certainly({ kind: 'list', items: reader.listItems(node).slice(1) });
      }
      return certainly(first ? evaluate(reader, first) : constant(null));
    }
    case 'IfStatement':
      return readIf(reader, node);
    case 'ForStatement':
    case 'WhileStatement':
      return readLoop(reader, node);
    case 'WithStatement': {
      for (const child of childrenOf(node)) if (child.name === 'CallExpression') evaluate(reader, child);
      return certainly(runBody(reader, bodies(node)));
    }
    case 'TryStatement': {
      // What is read is the way without a fault.
      const first = childrenOf(node).find(({ name }) => name === 'Body');
      return perhaps(first && runBody(reader, childrenOf(first)));
    }
    case 'FunctionDefinition':
      defineFunction(reader, node);
      return undefined;
    case 'ClassDefinition':
      defineClass(reader, node);
      return undefined;
    case 'DecoratedStatement':
      for (const child of childrenOf(node)) {
        if (child.name === 'FunctionDefinition') defineFunction(reader, child);
        if (child.name === 'ClassDefinition') defineClass(reader, child);
      }
      return undefined;
    case 'StatementGroup':
      return certainly(runBody(reader, childrenOf(node)));
    default:
      return undefined;
  }
}

/** Statements of the bodies directly below a node. */
const bodies = (node: SyntaxNode): SyntaxNode[] =>
  childrenOf(node)
    .filter(({ name }) => name === 'Body')
    .flatMap(childrenOf);

function readAssignment(reader: Reader, node: SyntaxNode): void {
  const parts = childrenOf(node);
  const groups: SyntaxNode[][] = [[]];
  for (const part of parts) {
    if (part.name === 'AssignOp') groups.push([]);
    else if (part.name !== 'TypeDef') groups.at(-1)!.push(part);
  }
  const right = groups.pop()!;
  // `x: int` alone.
  if (groups.length === 0 || right.length === 0) return;
  const value: Value = right.some(({ name }) => name === ',')
    ? { kind: 'list', items: right.filter(({ name }) => name !== ',').map((part) => place(reader, part)) }
    : evaluate(reader, right[0]!);
  for (const targets of groups) {
    const names = targets.filter(({ name }) => name !== ',');
    if (names.length === 1 && targets.length === 1) assign(reader, names[0]!, value);
    else spread(reader, names, value);
  }
}

const place = (reader: Reader, node: SyntaxNode): Placed => ({
  value: evaluate(reader, node),
  line: reader.lineOf(node),
});

function spread(reader: Reader, targets: readonly SyntaxNode[], value: Value): void {
  targets.forEach((target, i) => {
    const item = value.kind === 'list' ? value.items[i]?.value : undefined;
    assign(reader, target, item ?? { kind: 'item', of: value, key: constant(i) });
  });
}

/** Binds a name, a field or an item. */
function assign(reader: Reader, target: SyntaxNode, value: Value): void {
  const line = reader.lineOf(target);
  if (target.name === 'VariableName') {
    reader.scope.set(reader.textOf(target), value);
    return;
  }
  if (target.name === 'TupleExpression' || target.name === 'ArrayExpression') {
    const names = childrenOf(target).filter(({ name }) => !/^[()[\],]$/.test(name));
    spread(reader, names, value);
    return;
  }
  if (target.name !== 'MemberExpression') return;
  const parts = childrenOf(target);
  const of = evaluate(reader, parts[0]!);
  const property = parts.find(({ name }) => name === 'PropertyName');
  if (property) {
    const name = reader.textOf(property);
    if (name === 'requires_grad' && constantOf(value) === false) reader.freeze(of, line);
    if (of.kind === 'object') of.fields.set(name, { value, line });
    else if (of.kind === 'call') of.call.named.set(name, { value, line });
    else if (of.kind === 'class') of.class.fields.set(name, { value, line });
    return;
  }
  const key = parts[2] && constantOf(evaluate(reader, parts[2]));
  if (key === undefined) return;
  if (of.kind === 'dict') of.entries.set(String(key), { value, line });
  else if (of.kind === 'call') of.call.items.set(String(key), { value, line });
}

function readUpdate(reader: Reader, node: SyntaxNode): void {
  const [target, operator, expression] = childrenOf(node);
  if (!target || !operator || !expression) return;
  const [a, b] = [evaluate(reader, target), evaluate(reader, expression)].map(numberOf);
  const results: Readonly<Record<string, (x: number, y: number) => number>> = {
    '+=': (x, y) => x + y,
    '-=': (x, y) => x - y,
    '*=': (x, y) => x * y,
    '/=': (x, y) => x / y,
  };
  const work = results[reader.textOf(operator)];
  assign(
    reader,
    target,
    work && a !== undefined && b !== undefined
      ? constant(work(a, b))
      : unknown('it is worked out while the script runs'),
  );
}

/** The branch that holds; where that is not known all of them, and what the first one sets stays. */
function readIf(reader: Reader, node: SyntaxNode): Returned | undefined {
  const parts = childrenOf(node);
  let returned: Returned | undefined;
  let set: Map<string, Value> | undefined;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (!/^(if|elif|else)$/.test(part.name)) continue;
    const isElse = part.name === 'else';
    const truth = isElse ? true : conditionOf(reader, parts[i + 1]!);
    const body = parts[isElse ? i + 1 : i + 2];
    if (truth === false || body?.name !== 'Body') continue;
    const outer = reader.condition;
    if (truth === undefined) reader.condition = reader.textOf(parts[i + 1]!);
    const value = runBody(reader, childrenOf(body));
    reader.condition = outer;
    if (set) for (const [name, kept] of set) reader.scope.set(name, kept);
    returned ??= perhaps(value);
    if (truth === true) return set || !returned ? returned : { ...returned, certain: true };
    set = new Map(reader.scope.own());
  }
  return returned;
}

function conditionOf(reader: Reader, node: SyntaxNode): boolean | undefined {
  const text = reader.textOf(node);
  const value = evaluate(reader, node);
  // The script is read as if it were started.
  if (node.name === 'BinaryExpression' && text.startsWith('__name__')) return true;
  return truthOf(value);
}

/** A loop's body is read once, with the first item of a known list. */
function readLoop(reader: Reader, node: SyntaxNode): Returned | undefined {
  const parts = childrenOf(node);
  const inAt = parts.findIndex(({ name }) => name === 'in');
  const before = reader.calls.length;
  if (inAt > 0 && parts[inAt + 1]) {
    const list = evaluate(reader, parts[inAt + 1]!);
    const first = list.kind === 'list' ? list.items[0]?.value : undefined;
    const targets = parts.slice(1, inAt).filter(({ name }) => name !== ',');
    const value: Value = first ?? { kind: 'unknown', why: 'it changes in a loop', over: list };
    if (targets.length === 1) assign(reader, targets[0]!, value);
    else spread(reader, targets, value);
  }
  const value = runBody(reader, bodies(node));
  const trains = reader.calls
    .slice(before)
    .some((call) => /^(Trainer|train|backward)$/.test(calledName(call)));
  if (trains) reader.note(reader.lineOf(node), 'The script trains in a loop; only its first pass is read.');
  return perhaps(value);
}

function defineFunction(reader: Reader, node: SyntaxNode): FunctionValue | undefined {
  const parts = childrenOf(node);
  const name = parts.find((part) => part.name === 'VariableName');
  const list = parts.find((part) => part.name === 'ParamList');
  const body = parts.find((part) => part.name === 'Body');
  if (!name || !body) return undefined;
  const fn: FunctionValue = {
    name: reader.textOf(name),
    parameters: list ? reader.parameters(list) : [],
    body,
    isLambda: false,
    scope: reader.scope,
    line: reader.lineOf(node),
  };
  reader.functions.push(fn);
  reader.scope.set(fn.name, { kind: 'function', function: fn });
  return fn;
}

/** Fields with their first values, and methods. `field(default=…)` of dataclasses gives its default. */
function defineClass(reader: Reader, node: SyntaxNode): void {
  const parts = childrenOf(node);
  const name = parts.find((part) => part.name === 'VariableName');
  const list = parts.find((part) => part.name === 'ArgList');
  if (!name) return;
  const bases = list ? reader.listItems(list).map(({ value }) => value) : [];
  const fields = new Map<string, Placed>();
  for (const base of bases)
    if (base.kind === 'class') for (const [key, one] of base.class.fields) fields.set(key, one);
  const line = reader.lineOf(node);
  for (const statement of bodies(node).flatMap((one) =>
    one.name === 'DecoratedStatement' ? childrenOf(one) : [one],
  )) {
    if (statement.name === 'FunctionDefinition') {
      const method = reader.silently(() => defineFunction(reader, statement));
      if (method)
        fields.set(method.name, { value: { kind: 'function', function: method }, line: method.line });
    } else if (statement.name === 'AssignStatement') {
      const [target] = childrenOf(statement);
      readAssignment(reader, statement);
      const value = target && reader.scope.get(reader.textOf(target));
      if (target && value)
        fields.set(reader.textOf(target), { value: fieldDefault(value), line: reader.lineOf(statement) });
    }
  }
  const own = { name: reader.textOf(name), bases, fields, line };
  reader.scope.set(own.name, { kind: 'class', class: own });
}

function fieldDefault(value: Value): Value {
  if (value.kind !== 'call' || calledName(value.call) !== 'field') return value;
  const { named } = value.call;
  return named.get('default')?.value ?? unknown('the field has no default');
}
