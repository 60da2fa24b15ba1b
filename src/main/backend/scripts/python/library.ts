import { isKnown, reasonOf } from './known.ts';
import { memberOf, setEntry, truthOf, type Reading } from './objects.ts';
import {
  Call,
  constant,
  constantOf,
  numberOf,
  textOf,
  unknown,
  type ClassValue,
  type Constant,
  type DictValue,
  type Located,
  type Value,
} from './values.ts';

/** What a call gives: functions and classes of the script are entered, a few of Python's own are worked out. */
export function callValue(reader: Reading, call: Call): Value {
  const { callee, args, named, line } = call;
  if (callee.kind === 'function') return reader.enter(callee, args, named);
  if (callee.kind === 'class') return instanceOf(reader, callee, call);
  const given =
    callee.kind === 'symbol'
      ? functions.get(callee.path)?.(call)
      : callee.kind === 'member'
        ? methodValue(reader, call, callee.of, callee.name)
        : undefined;
  if (given) return given;
  for (const { value } of [...args, ...named.values()]) if (value.kind === 'function') reader.callback(value);
  if (!isKnown(call)) reader.note(line, reasonOf(call.name));
  // A model that is moved is the model.
  if (callee.kind === 'member' && /^(to|cuda|cpu|train|eval)$/.test(callee.name)) return callee.of;
  return { kind: 'call', call };
}

const dict = (entries: Map<string, Located>, { condition }: Call, type: string | null = null): DictValue => ({
  kind: 'dict',
  type,
  entries,
  condition,
});

const fieldsOf = (entries: ReadonlyMap<string, Located>): [string, Located][] =>
  [...entries].filter(([, { value }]) => value.kind !== 'function');

/** An instance: the class's fields, changed by what the call says and by `__init__`. */
function instanceOf(reader: Reading, type: ClassValue, call: Call): Value {
  const base = type.bases.find((extended) => extended.kind === 'symbol');
  // A Trainer or TrainingArguments of the script's own is read as what it extends.
  if (base && /(Trainer|Arguments|Config)$/.test(base.path)) {
    const named = new Map([...fieldsOf(type.entries), ...call.named]);
    return { kind: 'call', call: Object.assign(call, { subclass: type, callee: base, named }) };
  }
  const object = dict(new Map(type.entries), call, type.name);
  const init = memberOf(object, '__init__');
  if (init.kind === 'function') reader.enter(init, call.args, call.named);
  else {
    const names = fieldsOf(type.entries).map(([name]) => name);
    for (const [i, arg] of call.args.entries()) object.entries.set(names[i] ?? '', arg);
    for (const [name, value] of call.named) object.entries.set(name, value);
  }
  return object;
}

type Result = (call: Call) => Value | undefined;

const first = ({ args }: Call): Value | undefined => args[0]?.value;
const number = (call: Call): number => Number(constantOf(first(call)) ?? NaN);
const known = (value: Constant | undefined): Value | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : constant(value);
const text: Result = (call) => known(textOf(first(call)));
const namespace: Result = (call) => dict(new Map(call.named), call, 'Namespace');
const fields: Result = (call) => {
  const of = first(call);
  return of?.kind === 'dict' ? dict(new Map(fieldsOf(of.entries)), call) : undefined;
};
const environment: Result = (call) => call.argument('default', 1)?.value ?? constant(null);

/** Functions of Python's own library whose result follows from constants. */
const functions: ReadonlyMap<string, Result> = new Map(
  Object.entries<Result>({
    'builtins.dict': (call) => {
      const of = first(call) ?? dict(new Map(), call);
      if (of.kind !== 'dict') return unknown('a dictionary with unknown parts');
      return dict(new Map([...of.entries, ...call.named]), call);
    },
    'types.SimpleNamespace': namespace,
    'argparse.Namespace': namespace,
    'argparse.ArgumentParser': (call) => dict(new Map(), call, 'ArgumentParser'),
    'transformers.HfArgumentParser': (call) =>
      dict(new Map(call.args.slice(0, 1).map((arg) => ['classes', arg])), call, 'HfArgumentParser'),
    'builtins.vars': fields,
    'dataclasses.asdict': fields,
    'builtins.len': (call) => {
      const of = first(call);
      return of?.kind === 'list'
        ? constant(of.items.length)
        : of?.kind === 'dict'
          ? constant(of.entries.size)
          : undefined;
    },
    // min(128, tokenizer.model_max_length): what is known bounds it.
    'builtins.min': ({ args }) => {
      const numbers = args.map(({ value }) => numberOf(value)).filter((value) => value !== undefined);
      return numbers.length > 0 ? constant(Math.min(...numbers)) : undefined;
    },
    'builtins.int': (call) => known(Math.trunc(number(call))),
    'builtins.float': (call) => known(number(call)),
    'builtins.bool': (call) => known(first(call) && truthOf(first(call)!)),
    'builtins.str': text,
    'pathlib.Path': text,
    'os.path.join': ({ args }) => {
      const parts = args.map(({ value }) => textOf(value));
      return parts.includes(undefined) ? undefined : constant(parts.join('/'));
    },
    'os.environ.get': environment,
    'os.getenv': environment,
  }),
);

/** Methods of lists, of dictionaries, and of argparse's and HfArgumentParser's objects. Arguments have their defaults. */
function methodValue(reader: Reading, call: Call, of: Value, name: string): Value | undefined {
  const { args, named, line } = call;
  const given = first(call);
  const lose = (key?: Constant): void => setEntry(reader, of, key, { value: unknown(), line });
  if (of.kind === 'list') {
    if (name === 'append' && args[0] && reader.condition === null) of.items.push(args[0]);
    else if (/^(append|extend|insert|remove|pop|sort|reverse|clear)$/.test(name)) lose();
  }
  if (of.kind !== 'dict') return undefined;
  if (of.type === 'ArgumentParser') return parserMethod(reader, call, of, name);
  if (of.type === 'HfArgumentParser')
    return /^parse_/.test(name) ? parsedClasses(reader, call, of) : undefined;
  if (of.type !== null) return undefined;
  if (name === 'get' && given?.kind === 'constant')
    return of.entries.get(String(given.value))?.value ?? args[1]?.value ?? constant(null);
  if (name === 'copy') return dict(new Map(of.entries), call);
  if (name === 'update') {
    if (given && given.kind !== 'dict') lose();
    const others = given?.kind === 'dict' ? given.entries : [];
    for (const [key, value] of [...others, ...named]) setEntry(reader, of, key, value);
    return constant(null);
  }
  if (/^(pop|popitem|setdefault|clear)$/.test(name)) lose(constantOf(given));
  return undefined;
}

function parserMethod(reader: Reading, call: Call, of: DictValue, name: string): Value {
  const { args, named, line } = call;
  if (name === 'add_argument') addArgument(call, of.entries);
  if (name === 'set_defaults') for (const [key, value] of named) of.entries.set(key, value);
  if (name === 'add_argument_group' || name === 'add_mutually_exclusive_group') return of;
  if (!/^parse_(known_)?args$/.test(name)) return constant(null);
  if (args.length > 0)
    reader.note(line, 'The arguments that are parsed here are not read; the recipe has the defaults.');
  const value = dict(new Map(of.entries), call, 'Namespace');
  const items = [value, unknown('the rest')].map((item) => ({ value: item, line }));
  return name === 'parse_args' ? value : { kind: 'list', items };
}

function addArgument(call: Call, into: Map<string, Located>): void {
  const { args, line } = call;
  const given = (key: string): Value | undefined => call.named.get(key)?.value;
  const flags = args.map(({ value }) => textOf(value) ?? '').filter((flag) => flag !== '');
  const long = flags.find((flag) => flag.startsWith('--')) ?? flags[0];
  const name = textOf(given('dest')) ?? long?.replace(/^-+/, '').replaceAll('-', '_');
  if (name === undefined) return;
  const [initial, type, action] = [given('default'), given('type'), textOf(given('action'))];
  // argparse sends a default that is a text through the type.
  const convert =
    type?.kind === 'symbol' && textOf(initial) !== undefined ? functions.get(type.path) : undefined;
  const conversion = new Call(call.callee, line, null);
  if (initial) conversion.args.push({ value: initial, line });
  const value = convert ? convert(conversion) : initial;
  const isRequired = constantOf(given('required')) === true || !flags[0]?.startsWith('-');
  const missing = isRequired ? unknown(`--${name} has no default`) : constant(null);
  const isSwitch = action === 'store_true' || action === 'store_false';
  into.set(name, { value: value ?? (isSwitch ? constant(action === 'store_false') : missing), line });
}

/** Dataclasses filled from the command line: their defaults, the same ones wherever a parser is asked. */
function parsedClasses(reader: Reading, call: Call, of: DictValue): Value {
  const classes = of.entries.get('classes') ?? { value: unknown(), line: call.line };
  const list = classes.value.kind === 'list' ? classes.value.items : [classes];
  if (list.some(({ value }) => value.kind === 'symbol' && value.path.endsWith('TrainingArguments')))
    reader.note(call.line, 'TrainingArguments come from the command line; the recipe has their defaults.');
  const parsed = of.entries.get('parsed')?.value;
  if (parsed) return parsed;
  const items = list.map(({ value, line }): Located => {
    const made = new Call(value, line, of.condition);
    if (value.kind === 'class') return { value: instanceOf(reader, value, made), line };
    return {
      value:
        value.kind === 'symbol' ? { kind: 'call', call: made } : unknown('it comes from the command line'),
      line,
    };
  });
  const filled: Value = { kind: 'list', items };
  of.entries.set('parsed', { value: filled, line: call.line });
  return filled;
}
