import { isKnown, reasonOf } from './known.ts';
import type { Reader } from './reader.ts';
import {
  argument,
  calledName,
  constant,
  constantOf,
  symbol,
  textOf,
  unknown,
  type Call,
  type ClassValue,
  type Placed,
  type Value,
} from './values.ts';

/** What a call gives: functions and classes of the script are entered, a few of Python's own are worked out. */
export function applyCall(reader: Reader, call: Call): Value {
  const { callee } = call;
  if (callee.kind === 'function') return reader.enter(callee.function, call.args, call.named);
  if (callee.kind === 'class') return construct(reader, callee.class, call);
  const given = standard(call) ?? onObject(reader, call) ?? onDictionary(call);
  if (given) return given;
  readCallbacks(reader, call);
  readFreezing(reader, call);
  if (!isKnown(call)) reader.note(call.line, reasonOf(calledName(call)));
  return { kind: 'call', call };
}

/** Functions that are handed to a library are read with arguments that nobody knows. */
function readCallbacks(reader: Reader, { args, named }: Call): void {
  for (const { value } of [...args, ...named.values()]) {
    if (value.kind !== 'function' || reader.entered.has(value.function.body)) continue;
    reader.silently(() => reader.enter(value.function, [], new Map()));
  }
}

/** `model.requires_grad_(False)`, and `model.get_submodule("bert.pooler").requires_grad_(True)` behind it. */
function readFreezing(reader: Reader, call: Call): void {
  const { callee } = call;
  if (callee.kind !== 'member' || callee.name !== 'requires_grad_') return;
  const on = constantOf(argument(call, 'requires_grad', 0)?.value) ?? true;
  if (on === false) reader.freeze(callee.of, call.line);
  else if (callee.of.kind === 'member') reader.trainedModules.push(callee.of.name);
  else if (callee.of.kind === 'call' && calledName(callee.of.call) === 'get_submodule')
    reader.trainedModules.push(textOf(callee.of.call.args[0]?.value) ?? '');
}

/** An instance: the class's fields, changed by what the call says and by `__init__`. */
function construct(reader: Reader, type: ClassValue, call: Call): Value {
  const base = type.bases.find((one) => one.kind === 'symbol');
  // A Trainer or TrainingArguments of the script's own is read as what it extends.
  if (base?.kind === 'symbol' && /(Trainer|Arguments|Config)$/.test(base.path)) {
    if (base.path.endsWith('Trainer')) replaceMethods(reader, type);
    const derived: Call = {
      ...call,
      callee: base,
      named: new Map([...valuesOnly(type.fields), ...call.named]),
    };
    reader.calls[reader.calls.indexOf(call)] = derived;
    return { kind: 'call', call: derived };
  }
  const object: Value = { kind: 'object', type: type.name, fields: new Map(type.fields) };
  const init = type.fields.get('__init__')?.value;
  if (init?.kind === 'function') {
    reader.enter({ ...init.function, self: object }, call.args, call.named);
  } else {
    const names = [...valuesOnly(type.fields).keys()];
    call.args.forEach((arg, i) => names[i] !== undefined && object.fields.set(names[i], arg));
    for (const [name, value] of call.named) object.fields.set(name, value);
  }
  return object;
}

/** Methods of the script's own Trainer; the recipe says what becomes of its loss and its optimizer. */
function replaceMethods(reader: Reader, type: ClassValue): void {
  for (const [name, { value, line }] of type.fields) {
    if (value.kind !== 'function') continue;
    reader.replaced.set(name, line);
    if (
      !/^(__init__|compute_loss|create_optimizer|create_scheduler|create_optimizer_and_scheduler)$/.test(name)
    )
      reader.note(line, `${type.name}.${name} changes how Trainer works; it is not taken over.`);
  }
}

const valuesOnly = (fields: ReadonlyMap<string, Placed>): Map<string, Placed> =>
  new Map([...fields].filter(([, { value }]) => value.kind !== 'function'));

/** Functions of Python's own library whose result follows from constants. */
function standard(call: Call): Value | undefined {
  if (call.callee.kind !== 'symbol') return undefined;
  const { args, named, line } = call;
  const first = args[0]?.value;
  switch (call.callee.path) {
    case 'builtins.dict':
      return { kind: 'dict', entries: new Map([...(first?.kind === 'dict' ? first.entries : []), ...named]) };
    case 'types.SimpleNamespace':
    case 'argparse.Namespace':
      return { kind: 'object', type: 'Namespace', fields: new Map(named) };
    case 'argparse.ArgumentParser':
      return { kind: 'object', type: 'ArgumentParser', fields: new Map() };
    case 'builtins.vars':
    case 'dataclasses.asdict':
      return first?.kind === 'object' ? { kind: 'dict', entries: new Map(first.fields) } : undefined;
    case 'builtins.len':
      if (first?.kind === 'list') return constant(first.items.length);
      return first?.kind === 'dict' ? constant(first.entries.size) : undefined;
    case 'builtins.min': {
      // min(128, tokenizer.model_max_length): what is known bounds it.
      const known = args.map(({ value }) => constantOf(value)).filter((one) => typeof one === 'number');
      return known.length > 0 ? constant(Math.min(...known)) : undefined;
    }
    case 'builtins.int':
    case 'builtins.float': {
      const value = Number(constantOf(first) ?? NaN);
      if (Number.isNaN(value)) return undefined;
      return constant(call.callee.path.endsWith('int') ? Math.trunc(value) : value);
    }
    case 'builtins.str':
    case 'pathlib.Path':
      return textOf(first) === undefined ? undefined : constant(textOf(first)!);
    case 'builtins.getattr':
      return args[2]?.value;
    case 'os.path.join': {
      const parts = args.map(({ value }) => textOf(value));
      return parts.every((part) => part !== undefined) ? constant(parts.join('/')) : undefined;
    }
    case 'os.environ.get':
    case 'os.getenv':
      return argument(call, 'default', 1)?.value ?? constant(null);
    case 'transformers.HfArgumentParser':
      return {
        kind: 'object',
        type: 'HfArgumentParser',
        fields: new Map([['classes', { value: first ?? unknown('no classes'), line }]]),
      };
    case 'builtins.setattr':
      if (first?.kind === 'object' && args[1] && args[2]) {
        first.fields.set(textOf(args[1].value) ?? '', args[2]);
      }
      return constant(null);
    default:
      return undefined;
  }
}

/** Methods of argparse's and HfArgumentParser's objects. Arguments have their defaults. */
function onObject(reader: Reader, call: Call): Value | undefined {
  if (call.callee.kind !== 'member' || call.callee.of.kind !== 'object') return undefined;
  const { of: object, name } = call.callee;
  const { fields } = object;
  if (object.type === 'ArgumentParser') {
    if (name === 'add_argument') addArgument(call, fields);
    if (name === 'add_argument_group' || name === 'add_mutually_exclusive_group') return object;
    const parsed: Value = { kind: 'object', type: 'Namespace', fields: new Map(fields) };
    if (name === 'parse_args') return parsed;
    if (name === 'parse_known_args') {
      return {
        kind: 'list',
        items: [
          { value: parsed, line: call.line },
          { value: unknown('the rest'), line: call.line },
        ],
      };
    }
    return constant(null);
  }
  if (object.type === 'HfArgumentParser' && /^parse_/.test(name)) {
    const classes = fields.get('classes')!.value;
    const list = classes.kind === 'list' ? classes.items : [{ value: classes, line: call.line }];
    if (list.some(({ value }) => value.kind === 'symbol' && value.path.endsWith('TrainingArguments'))) {
      reader.note(call.line, 'TrainingArguments come from the command line; the recipe has their defaults.');
    }
    return { kind: 'list', items: list.map(({ value, line }) => ({ value: instance(value, line), line })) };
  }
  return undefined;
}

/** A dataclass filled from the command line: its defaults. */
function instance(type: Value, line: number): Value {
  if (type.kind === 'class')
    return { kind: 'object', type: type.class.name, fields: new Map(type.class.fields) };
  if (type.kind !== 'symbol') return unknown('it comes from the command line');
  return {
    kind: 'call',
    call: { callee: symbol(type.path), args: [], named: new Map(), line, items: new Map() },
  };
}

function addArgument(call: Call, fields: Map<string, Placed>): void {
  const flags = call.args.map(({ value }) => textOf(value)).filter((flag) => flag !== undefined);
  const long = flags.find((flag) => flag.startsWith('--')) ?? flags[0];
  const name = textOf(call.named.get('dest')?.value) ?? long?.replace(/^-+/, '').replaceAll('-', '_');
  if (name === undefined) return;
  const isSwitch = textOf(call.named.get('action')?.value);
  const initial =
    call.named.get('default')?.value ??
    (isSwitch === 'store_true' ? constant(false) : isSwitch === 'store_false' ? constant(true) : undefined);
  const required = constantOf(call.named.get('required')?.value) === true || !flags[0]?.startsWith('-');
  const missing = required ? unknown(`--${name} has no default`) : constant(null);
  fields.set(name, { value: initial ?? missing, line: call.line });
}

function onDictionary(call: Call): Value | undefined {
  if (call.callee.kind !== 'member' || call.callee.of.kind !== 'dict') return undefined;
  const { of: dictionary, name } = call.callee;
  const key = constantOf(call.args[0]?.value);
  if (name === 'get' && key !== undefined) {
    return dictionary.entries.get(String(key))?.value ?? call.args[1]?.value ?? constant(null);
  }
  if (name === 'update') {
    const other = call.args[0]?.value;
    if (other?.kind === 'dict') for (const [one, value] of other.entries) dictionary.entries.set(one, value);
    for (const [one, value] of call.named) dictionary.entries.set(one, value);
    return constant(null);
  }
  return name === 'copy' ? { kind: 'dict', entries: new Map(dictionary.entries) } : undefined;
}
