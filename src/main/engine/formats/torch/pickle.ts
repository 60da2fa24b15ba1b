import type { DType } from '../dtype.ts';

/** Why a pickle is not taken; the caller knows which file it came from. */
export class PickleError extends Error {}

/** What a pickle builds beside plain values. */
interface Kinds {
  tuple: { items: readonly PickleValue[] };
  /** The stand-in for one of the few functions of torch that a file of weights calls. */
  callable: { call: (args: readonly PickleValue[]) => PickleValue };
  /** A class that names the element type of a storage. */
  storageType: { dtype: DType };
  /** Bytes that several tensors may share: an entry of the zip file. `length`: number of elements. */
  storage: { key: string; dtype: DType; length: number };
  /** A view of a storage; offset and strides count elements. */
  tensor: { storage: Kinds['storage']; offset: number; shape: readonly number[]; stride: readonly number[] };
}
type Built<Kind extends keyof Kinds = keyof Kinds> = { [K in Kind]: { kind: K } & Kinds[K] }[Kind];
export type Tensor = Built<'tensor'>;

export type PickleValue =
  null | boolean | number | bigint | string | PickleValue[] | Map<PickleValue, PickleValue> | Built;

const tuple = (items: readonly PickleValue[]): Built<'tuple'> => ({ kind: 'tuple', items });

export function isKind<Kind extends keyof Kinds>(
  value: PickleValue | undefined,
  kind: Kind,
): value is Extract<PickleValue, { kind: Kind }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

export interface PickleRules {
  /** The stand-in for a global of Python, or a throw: nothing else can ever be called. */
  findGlobal(module: string, name: string): PickleValue;
  /** What a persistent id (a storage) stands for. */
  persistentLoad(id: PickleValue): PickleValue;
}

const STOP = 0x2e;
/** Some fifty operations describe a tensor, so this is room for 5,000; it bounds what a hostile file can build. */
const mostOperations = 2 ** 18;

/**
 * Reads one pickle (protocols 0 to 5, the part of them that data needs). Lists, dictionaries, tuples, texts and
 * numbers are built here; everything else comes from `rules`. Returns where the pickle ends, too.
 * Throws `PickleError` and what `rules` throws. Opcodes: CPython's `Lib/pickletools.py`.
 */
export function unpickle(
  bytes: Uint8Array,
  rules: PickleRules,
  start = 0,
): { value: PickleValue; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const memo = new Map<number, PickleValue>();
  const marked: PickleValue[][] = [];
  let stack: PickleValue[] = [];
  let at = start;

  const take = (length: number): number => {
    const from = at;
    if (length > bytes.length - from) throw new PickleError('its pickle ends too early');
    at += length;
    return from;
  };
  const text = (length: number, encoding: 'utf-8' | 'latin1'): string => {
    const from = take(length);
    return new TextDecoder(encoding).decode(bytes.subarray(from, from + length));
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end === -1) throw new PickleError('its pickle ends too early');
    const value = text(end - at, 'utf-8');
    at++;
    return value;
  };
  // The stack may be another one by the time that a value is there.
  const push = (value: PickleValue): void => void stack.push(value);
  const pop = (): PickleValue => {
    const value = stack.pop();
    if (value === undefined) throw new PickleError('its pickle takes more than it has given');
    return value;
  };
  const top = (): PickleValue => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const popMark = (): PickleValue[] => {
    const items = stack;
    const below = marked.pop();
    if (below === undefined) throw new PickleError('its pickle takes more than it has given');
    stack = below;
    return items;
  };
  const popTuple = (count: number): void => {
    const items = Array.from({ length: count }, pop).reverse();
    push(tuple(items));
  };
  const findGlobal = (module: PickleValue, name: PickleValue): void => {
    if (!isDotted(module) || !isDotted(name))
      throw new PickleError('its pickle names something that has no name');
    push(rules.findGlobal(module, name));
  };
  const append = (items: readonly PickleValue[]): void => {
    const list = top();
    if (!Array.isArray(list)) throw new PickleError('its pickle appends to something that is no list');
    for (const item of items) list.push(item);
  };
  const setItems = (items: readonly PickleValue[]): void => {
    const map = top();
    if (!(map instanceof Map))
      throw new PickleError('its pickle sets items of something that is no dictionary');
    if (items.length % 2 !== 0) throw new PickleError('its pickle gives a key without a value');
    for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
  };
  const recall = (index: number): void => {
    const value = memo.get(index);
    if (value === undefined) throw new PickleError('its pickle recalls what it never gave');
    stack.push(value);
  };
  const byte = (): number => view.getUint8(take(1));
  const uint32 = (): number => view.getUint32(take(4), true);
  /** By opcode; STOP is below. */
  const operations: Readonly<Record<string, () => void>> = {
    /* PROTO */ '\x80': () => {
      if (byte() > 5) throw new PickleError('its pickle is of an unknown protocol');
    },
    /* FRAME */ '\x95': () => void take(8),
    /* MARK */ '(': () => {
      marked.push(stack);
      stack = [];
    },
    /* POP */ '0': () => void pop(),
    /* NONE */ N: () => push(null),
    /* NEWTRUE */ '\x88': () => push(true),
    /* NEWFALSE */ '\x89': () => push(false),
    /* BININT */ J: () => push(view.getInt32(take(4), true)),
    /* BININT1 */ K: () => push(byte()),
    /* BININT2 */ M: () => push(view.getUint16(take(2), true)),
    /* LONG1 */ '\x8a': () => {
      const length = byte();
      push(longOf(bytes.subarray(take(length), at)));
    },
    /* BINFLOAT */ G: () => push(view.getFloat64(take(8), false)),
    /* SHORT_BINSTRING */ U: () => push(text(byte(), 'latin1')),
    /* BINSTRING */ T: () => push(text(uint32(), 'latin1')),
    /* SHORT_BINUNICODE */ '\x8c': () => push(text(byte(), 'utf-8')),
    /* BINUNICODE */ X: () => push(text(uint32(), 'utf-8')),
    /* EMPTY_TUPLE */ ')': () => push(tuple([])),
    /* TUPLE1 */ '\x85': () => popTuple(1),
    /* TUPLE2 */ '\x86': () => popTuple(2),
    /* TUPLE3 */ '\x87': () => popTuple(3),
    /* TUPLE */ t: () => push(tuple(popMark())),
    /* EMPTY_LIST */ ']': () => push([]),
    /* LIST */ l: () => push(popMark()),
    /* APPEND */ a: () => append([pop()]),
    /* APPENDS */ e: () => append(popMark()),
    /* EMPTY_DICT */ '}': () => push(new Map()),
    /* DICT */ d: () => {
      const items = popMark();
      push(new Map());
      setItems(items);
    },
    /* SETITEM */ s: () => {
      const value = pop();
      setItems([pop(), value]);
    },
    /* SETITEMS */ u: () => setItems(popMark()),
    /* BINPUT */ q: () => void memo.set(byte(), top()),
    /* LONG_BINPUT */ r: () => void memo.set(uint32(), top()),
    /* MEMOIZE */ '\x94': () => void memo.set(memo.size, top()),
    /* BINGET */ h: () => recall(byte()),
    /* LONG_BINGET */ j: () => recall(uint32()),
    /* GLOBAL */ c: () => findGlobal(line(), line()),
    /* INST */ i: () => findGlobal(line(), line()),
    /* STACK_GLOBAL */ '\x93': () => {
      const name = pop();
      findGlobal(pop(), name);
    },
    /* BINPERSID */ Q: () => push(rules.persistentLoad(pop())),
    /* REDUCE */ R: () => {
      const [args, callable] = [pop(), pop()];
      if (!isKind(callable, 'callable') || !isKind(args, 'tuple')) {
        throw new PickleError('its pickle calls something that cannot be called');
      }
      push(callable.call(args.items));
    },
    /** Attributes of a dictionary (torch keeps version numbers there), not needed. */
    /* BUILD */ b: () => {
      pop();
      if (!(top() instanceof Map)) throw new PickleError('its pickle gives attributes to something unknown');
    },
  };

  for (let done = 0; done < mostOperations; done++) {
    const opcode = byte();
    if (opcode === STOP) return { value: pop(), end: at };
    const operation = operations[String.fromCharCode(opcode)];
    if (operation === undefined) {
      throw new PickleError(
        `its pickle holds the operation 0x${opcode.toString(16)}, which data does not need`,
      );
    }
    operation();
  }
  throw new PickleError(`its pickle has more than ${mostOperations} operations`);
}

function isDotted(value: PickleValue): value is string {
  return typeof value === 'string' && /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(value);
}

/** Little-endian two's complement; a number where it is exact. */
function longOf(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  if ((bytes.at(-1) ?? 0) & 0x80) value -= 1n << BigInt(8 * bytes.length);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
