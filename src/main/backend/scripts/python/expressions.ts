import { childrenOf, numberContent, stringContent, unescaped, type SyntaxNode } from './syntax.ts';
import {
  constant,
  constantOf,
  symbol,
  unknown,
  type FunctionValue,
  type Placed,
  type Value,
} from './values.ts';
import type { Reader } from './reader.ts';

/** The value of an expression, as far as it is known without running it. */
export function evaluate(reader: Reader, node: SyntaxNode): Value {
  return reader.within(() => valueOf(reader, node));
}

function valueOf(reader: Reader, node: SyntaxNode): Value {
  const text = (): string => reader.textOf(node);
  switch (node.name) {
    case 'Number': {
      const value = numberContent(text());
      return value === undefined ? unknown('a complex number') : constant(value);
    }
    case 'String': {
      const content = stringContent(text());
      if (!content) return unknown('bytes');
      return constant(content.raw ? content.text : unescaped(content.text));
    }
    case 'ContinuedString':
      return joined(childrenOf(node).map((part) => evaluate(reader, part)));
    case 'FormatString':
      return formatString(reader, node);
    case 'Boolean':
      return constant(text() === 'True');
    case 'None':
      return constant(null);
    case 'VariableName':
      return reader.lookup(text());
    case 'ParenthesizedExpression':
    case 'NamedExpression':
    case 'AwaitExpression': {
      const inner = childrenOf(node).filter((child) => !/^[()]$|^await$|^AssignOp$/.test(child.name));
      const value = inner.length > 0 ? evaluate(reader, inner.at(-1)!) : unknown('nothing');
      if (node.name === 'NamedExpression' && inner[0]) reader.scope.set(reader.textOf(inner[0]), value);
      return value;
    }
    case 'ArrayExpression':
    case 'TupleExpression':
    case 'SetExpression':
      return { kind: 'list', items: reader.listItems(node) };
    case 'DictionaryExpression':
      return dictionary(reader, node);
    case 'MemberExpression':
      return member(reader, node);
    case 'CallExpression':
      return reader.call(node);
    case 'UnaryExpression':
      return unary(reader, node);
    case 'BinaryExpression':
      return binary(reader, node);
    case 'ConditionalExpression': {
      const [chosen, , test, , other] = childrenOf(node);
      const truth = test ? truthOf(evaluate(reader, test)) : undefined;
      const branch = truth === false ? other : chosen;
      return branch ? evaluate(reader, branch) : unknown('an incomplete expression');
    }
    case 'LambdaExpression': {
      const list = childrenOf(node);
      const parameters = list.find((child) => child.name === 'ParamList');
      const lambda: FunctionValue = {
        name: 'lambda',
        parameters: parameters ? reader.parameters(parameters) : [],
        body: list.at(-1)!,
        isLambda: true,
        scope: reader.scope,
        line: reader.lineOf(node),
      };
      return { kind: 'function', function: lambda };
    }
    default:
      if (node.name.endsWith('ComprehensionExpression')) return comprehension(reader, node);
      return unknown('it is worked out while the script runs');
  }
}

/** The calls inside are read, once; what they give together is not known. */
function comprehension(reader: Reader, node: SyntaxNode): Value {
  const parts = childrenOf(node);
  const through = parts[parts.findIndex(({ name }) => name === 'in') + 1];
  let over: Value | undefined;
  for (const child of parts) {
    if (child.name !== 'CallExpression' && child.name !== 'MemberExpression') continue;
    const value = evaluate(reader, child);
    if (child === through) over = value;
  }
  return { kind: 'unknown', why: 'it is worked out while the script runs', ...(over && { over }) };
}

function formatString(reader: Reader, node: SyntaxNode): Value {
  const token = reader.textOf(node);
  const content = stringContent(token);
  if (!content) return unknown('bytes');
  let text = '';
  let at = node.from + content.from;
  for (const part of childrenOf(node)) {
    if (part.name !== 'FormatReplacement') continue;
    const [, expression, ...rest] = childrenOf(part);
    const value = expression ? constantOf(evaluate(reader, expression)) : undefined;
    if (value === undefined || rest.some(({ name }) => name.startsWith('Format'))) {
      return unknown('a part of the text is worked out while the script runs');
    }
    text += reader.slice(at, part.from) + pythonText(value);
    at = part.to;
  }
  return constant(unescaped(text + reader.slice(at, node.from + content.from + content.text.length)));
}

const pythonText = (value: string | number | boolean | null): string =>
  value === null ? 'None' : value === true ? 'True' : value === false ? 'False' : String(value);

function joined(parts: Value[]): Value {
  const texts = parts.map(constantOf);
  if (!texts.every((text) => typeof text === 'string')) return unknown('a text that is put together');
  return constant(texts.join(''));
}

function dictionary(reader: Reader, node: SyntaxNode): Value {
  const entries = new Map<string, Placed>();
  const parts = childrenOf(node);
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i]!;
    if (part.name === '**') {
      const spread = parts[++i] ? evaluate(reader, parts[i]!) : undefined;
      if (spread?.kind !== 'dict') return unknown('a dictionary with unknown parts');
      for (const [key, entry] of spread.entries) entries.set(key, entry);
    } else if (parts[i + 1]?.name === ':') {
      const key = constantOf(evaluate(reader, part));
      const value = parts[i + 2];
      if (key === undefined || !value) return unknown('a dictionary with unknown keys');
      entries.set(String(key), { value: evaluate(reader, value), line: reader.lineOf(value) });
      i += 2;
    }
  }
  return { kind: 'dict', entries };
}

function member(reader: Reader, node: SyntaxNode): Value {
  const parts = childrenOf(node);
  const of = evaluate(reader, parts[0]!);
  const property = parts.find(({ name }) => name === 'PropertyName');
  if (property) return memberOf(of, reader.textOf(property));
  const inside = parts.slice(2, -1);
  if (inside.length !== 1) return unknown('a part of a list');
  return itemOf(of, evaluate(reader, inside[0]!));
}

/** `of.name`. */
function memberOf(of: Value, name: string): Value {
  if (of.kind === 'symbol') return symbol(`${of.path}.${name}`);
  if (of.kind === 'object') {
    const field = of.fields.get(name)?.value;
    if (field?.kind === 'function') return { kind: 'function', function: { ...field.function, self: of } };
    if (field) return field;
  }
  if (of.kind === 'class') return of.class.fields.get(name)?.value ?? unknown(`${of.class.name}.${name}`);
  if (of.kind === 'call') {
    const named = of.call.named.get(name);
    if (named) return named.value;
  }
  return { kind: 'member', of, name };
}

/** `of[key]`. */
function itemOf(of: Value, key: Value): Value {
  const place = constantOf(key);
  if (of.kind === 'dict' && place !== undefined) {
    return of.entries.get(String(place))?.value ?? unknown(`there is no ${String(place)} in the dictionary`);
  }
  if (of.kind === 'list' && typeof place === 'number') {
    return of.items.at(place)?.value ?? unknown('the list is shorter');
  }
  if (of.kind === 'call' && place !== undefined) {
    const set = of.call.items.get(String(place));
    if (set) return set.value;
  }
  return { kind: 'item', of, key };
}

/** Whether a condition holds; undefined where that is known only at run time. */
export function truthOf(value: Value): boolean | undefined {
  switch (value.kind) {
    case 'constant':
      return Boolean(value.value);
    case 'list':
      return value.items.length > 0;
    case 'dict':
      return value.entries.size > 0;
    case 'object':
    case 'class':
    case 'function':
      return true;
    default:
      return undefined;
  }
}

function unary(reader: Reader, node: SyntaxNode): Value {
  const [operator, operand] = childrenOf(node);
  if (!operator || !operand) return unknown('an incomplete expression');
  const value = evaluate(reader, operand);
  if (operator.name === 'not') {
    const truth = truthOf(value);
    return truth === undefined ? unknown('a condition') : constant(!truth);
  }
  const number = constantOf(value);
  if (typeof number !== 'number') return unknown('it is worked out while the script runs');
  return constant(reader.textOf(operator) === '-' ? -number : number);
}

function binary(reader: Reader, node: SyntaxNode): Value {
  const parts = childrenOf(node);
  const left = evaluate(reader, parts[0]!);
  const operator = parts
    .slice(1, -1)
    .map((part) => reader.textOf(part))
    .join(' ');
  // A name that stands for "not said" decides by itself: `x or "default"`.
  const truth = truthOf(left);
  if (operator === 'and' && truth === false) return left;
  if (operator === 'or' && truth === true) return left;
  const right = evaluate(reader, parts.at(-1)!);
  if (operator === 'and' || operator === 'or') return truth === undefined ? left : right;
  const [a, b] = [constantOf(left), constantOf(right)];
  if (operator === 'is' || operator === 'is not') {
    if (b !== null || left.kind === 'unknown' || left.kind === 'parameter') return unknown('a condition');
    return constant((a === null) === (operator === 'is'));
  }
  if (left.kind === 'list' && right.kind === 'list' && operator === '+') {
    return { kind: 'list', items: [...left.items, ...right.items] };
  }
  if (operator === 'in' || operator === 'not in') return contains(left, right, operator === 'in');
  if (a === undefined || b === undefined) return unknown('it is worked out while the script runs');
  return arithmetic(operator, a, b);
}

function contains(item: Value, list: Value, wanted: boolean): Value {
  const value = constantOf(item);
  if (value === undefined) return unknown('a condition');
  if (list.kind === 'list')
    return constant(list.items.some((one) => constantOf(one.value) === value) === wanted);
  if (list.kind === 'dict') return constant(list.entries.has(String(value)) === wanted);
  return unknown('a condition');
}

function arithmetic(operator: string, a: unknown, b: unknown): Value {
  if (operator === '==') return constant(a === b);
  if (operator === '!=') return constant(a !== b);
  if (typeof a === 'string' && typeof b === 'string') {
    if (operator === '+') return constant((a + b).slice(0, 10_000));
    if (operator === '/') return constant(`${a}/${b}`);
  }
  if (typeof a !== 'number' || typeof b !== 'number')
    return unknown('it is worked out while the script runs');
  const results: Readonly<Record<string, number | boolean>> = {
    '+': a + b,
    '-': a - b,
    '*': a * b,
    '/': a / b,
    '//': Math.floor(a / b),
    '%': a - Math.floor(a / b) * b,
    '**': a ** b,
    '<': a < b,
    '>': a > b,
    '<=': a <= b,
    '>=': a >= b,
  };
  const result = results[operator];
  if (result === undefined || (typeof result === 'number' && !Number.isFinite(result))) {
    return unknown('it is worked out while the script runs');
  }
  return constant(result);
}
