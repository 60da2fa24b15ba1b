import { callValue } from './library.ts';
import {
  itemOf,
  joined,
  longest,
  loseKeys,
  memberOf,
  operate,
  setEntry,
  truthOf,
  type Reading,
} from './objects.ts';
import { childrenOf, groupsOf, stringContent, unescaped, type SyntaxNode } from './syntax.ts';
import {
  atRunTime,
  Call,
  constant,
  constantOf,
  either,
  unknown,
  type Constant,
  type FunctionValue,
  type Located,
  type Value,
} from './values.ts';

/** The value of an expression, as far as it is known without running it. */
export const evaluate = (reader: Reading, node: SyntaxNode): Value =>
  reader.within(() => valueOf(reader, node, childrenOf(node)));

const located = (reader: Reading, node: SyntaxNode): Located => ({
  value: evaluate(reader, node),
  line: reader.lineOf(node),
});

function valueOf(reader: Reading, node: SyntaxNode, parts: readonly SyntaxNode[]): Value {
  const text = reader.textOf(node);
  const [first, second, third] = parts;
  switch (node.name) {
    case 'Number': {
      const value = Number(text.replaceAll('_', ''));
      return Number.isNaN(value) ? unknown('a complex number') : constant(value);
    }
    case 'String':
    case 'FormatString':
      return stringValue(reader, node, text, parts);
    case 'ContinuedString':
      return joined(parts.map((part) => constantOf(evaluate(reader, part))));
    case 'Boolean':
      return constant(text === 'True');
    case 'None':
      return constant(null);
    case 'VariableName':
      return reader.lookup(text);
    case 'ParenthesizedExpression':
      return second ? evaluate(reader, second) : unknown();
    case 'AwaitExpression':
    case 'NamedExpression': {
      const value = evaluate(reader, parts.at(-1)!);
      if (first && third) assign(reader, [first], value);
      return value;
    }
    case 'ArrayExpression':
    case 'TupleExpression':
    case 'SetExpression':
      return { kind: 'list', items: listItems(reader, parts) };
    case 'DictionaryExpression':
      return dictionary(reader, parts);
    case 'MemberExpression': {
      const of = evaluate(reader, first!);
      if (third?.name === 'PropertyName') return memberOf(of, reader.textOf(third));
      return parts.length === 4 ? itemOf(of, evaluate(reader, third!)) : unknown('a part of a list');
    }
    case 'CallExpression':
      return first && second ? callOf(reader, first, second) : unknown('an incomplete call');
    case 'UnaryExpression':
    case 'BinaryExpression':
      return parts.length < 2 ? unknown() : operation(reader, parts);
    case 'ConditionalExpression': {
      const other = parts.at(-1)!;
      const truth = third && truthOf(evaluate(reader, third));
      if (!third || truth !== undefined) return evaluate(reader, truth ? first! : other);
      const why = `it depends on the condition in line ${reader.lineOf(third)}`;
      return either(evaluate(reader, first!), evaluate(reader, other), why);
    }
    case 'LambdaExpression':
      return functionOf(reader, 'lambda', parts);
    default:
      return node.name.endsWith('ComprehensionExpression') ? comprehension(reader, parts) : unknown();
  }
}

/** The calls inside are read, once; what they give is not known. */
function comprehension(reader: Reading, parts: readonly SyntaxNode[]): Value {
  const through = parts[parts.findIndex(({ name }) => name === 'in') + 1];
  let over: Value | undefined;
  for (const part of parts.filter(({ name }) => /^(Call|Member)Expression$/.test(name))) {
    const value = evaluate(reader, part);
    if (part === through) over = value;
  }
  return { kind: 'unknown', why: atRunTime, ...(over && { over }) };
}

function stringValue(reader: Reading, node: SyntaxNode, token: string, parts: readonly SyntaxNode[]): Value {
  const content = stringContent(token);
  if (!content) return unknown('bytes');
  let text = '';
  let at = content.from;
  for (const part of parts.filter(({ name }) => name === 'FormatReplacement')) {
    const [, expression, ...rest] = childrenOf(part);
    const value = expression ? constantOf(evaluate(reader, expression)) : undefined;
    if (value === undefined || rest.some(({ name }) => name.startsWith('Format')))
      return unknown('a part of the text is worked out while the script runs');
    text += token.slice(at, part.from - node.from) + pythonText(value);
    at = part.to - node.from;
  }
  text += token.slice(at, content.from + content.text.length);
  return joined([content.raw ? text : unescaped(text)]);
}

const pythonText = (value: Constant): string =>
  value === null ? 'None' : value === true ? 'True' : value === false ? 'False' : String(value);

/** The items of a list, or arguments without a name. */
export function listItems(reader: Reading, parts: readonly SyntaxNode[]): Located[] {
  return groupsOf(parts).flatMap((group) => {
    if (group.length === 1) return [located(reader, group[0])];
    const { value, line } = located(reader, group[1]!);
    if (group[0].name !== '*') return [{ value: comprehension(reader, group), line }];
    const isKnown = value.kind === 'list' && value.items.length < longest;
    return isKnown ? value.items : [{ value: unknown('a list that is not known'), line }];
  });
}

/** What stands in an unknown part of a dictionary counts as the key `**`. */
function dictionary(reader: Reading, parts: readonly SyntaxNode[]): Value {
  const entries = new Map<string, Located>();
  for (const [key, mark, value] of groupsOf(parts)) {
    if (key.name === '**' && mark) {
      const spread = located(reader, mark);
      if (spread.value.kind === 'dict')
        for (const [name, entry] of spread.value.entries) entries.set(name, entry);
      else loseKeys(entries, spread.line);
    } else if (value) {
      const name = constantOf(evaluate(reader, key));
      if (name === undefined) loseKeys(entries, reader.lineOf(key));
      else entries.set(String(name), located(reader, value));
    }
  }
  return { kind: 'dict', type: null, entries, condition: reader.condition };
}

function operation(reader: Reading, parts: readonly SyntaxNode[]): Value {
  const isUnary = parts.length === 2;
  const operator = parts
    .slice(isUnary ? 0 : 1, -1)
    .map((part) => reader.textOf(part))
    .join(' ');
  const left = evaluate(reader, isUnary ? parts[1]! : parts[0]!);
  const truth = truthOf(left);
  if (operator === 'not') return truth === undefined ? unknown('a condition') : constant(!truth);
  if (isUnary)
    return operator === '-' ? operate('*', left, constant(-1)) : operate(operator, constant(0), left);
  // A name that stands for "not said" decides by itself: `x or "default"`.
  if (operator === 'and' || operator === 'or')
    return truth === undefined || truth === (operator === 'or') ? left : evaluate(reader, parts.at(-1)!);
  return operate(operator, left, evaluate(reader, parts.at(-1)!));
}

function callOf(reader: Reading, callee: SyntaxNode, list: SyntaxNode): Value {
  const call = new Call(evaluate(reader, callee), reader.lineOf(list), reader.condition);
  for (const group of groupsOf(childrenOf(list))) {
    const [head, mark, value] = group;
    const line = reader.lineOf(head);
    if (mark?.name === 'AssignOp' && value)
      call.named.set(reader.textOf(head), { value: evaluate(reader, value), line });
    else if (head.name === '**' && mark) {
      const spread = evaluate(reader, mark);
      if (spread.kind === 'dict') for (const [key, entry] of spread.entries) call.named.set(key, entry);
      else reader.note(line, 'The arguments behind ** are known only while the script runs.');
    } else call.args.push(...listItems(reader, group));
  }
  reader.calls.push(call);
  return callValue(reader, call);
}

/** A function from the parts of its definition, or of a lambda. */
export function functionOf(reader: Reading, name: string, parts: readonly SyntaxNode[]): FunctionValue {
  const list = parts.find((part) => part.name === 'ParamList');
  const parameters = groupsOf(list ? childrenOf(list) : []).flatMap((group) => {
    const variable = group.find((part) => part.name === 'VariableName');
    const initial = group[group.findIndex((part) => part.name === 'AssignOp') + 1];
    return !variable
      ? []
      : [
          {
            name: reader.textOf(variable),
            initial: initial && initial !== group[0] ? located(reader, initial) : undefined,
            rest: group[0].name.startsWith('*'),
          },
        ];
  });
  const body = parts.at(-1)!;
  return { kind: 'function', name, parameters, body, scope: reader.scope, line: reader.lineOf(parts[0]!) };
}

/** Binds a name, a field or an item, or each of several to a part of the value. */
export function assign(reader: Reading, targets: readonly SyntaxNode[], value: Value): void {
  const [target, ...more] = targets;
  if (!target) return;
  if (more.length > 0) {
    const groups = groupsOf(targets);
    const starAt = groups.findIndex(([first]) => first.name === '*');
    for (const [i, group] of groups.entries()) {
      const item = value.kind === 'list' ? value.items[i]?.value : undefined;
      const isKnown = starAt === -1 || i < starAt;
      const part: Value = isKnown
        ? { kind: 'item', of: value, key: constant(i) }
        : unknown('a part of a list');
      assign(reader, group.slice(-1), (isKnown ? item : undefined) ?? part);
    }
  } else if (/^(Tuple|Array|Parenthesized)Expression$/.test(target.name))
    assign(reader, childrenOf(target), value);
  else if (target.name === 'VariableName') reader.scope.set(reader.textOf(target), value);
  else if (target.name === 'MemberExpression') {
    const [object, , key, ...rest] = childrenOf(target);
    const of = evaluate(reader, object!);
    const line = reader.lineOf(target);
    if (key?.name === 'PropertyName') {
      const name = reader.textOf(key);
      reader.fieldsSet.push({ of, name, value, line, condition: reader.condition });
      setEntry(reader, of, name, { value, line }, 'named');
    } else
      setEntry(reader, of, key && rest.length === 1 ? constantOf(evaluate(reader, key)) : undefined, {
        value,
        line,
      });
  }
}
