import { Callable, PickleError, Tuple, type PickleValue } from './values.ts';

export interface PickleRules {
  /** The stand-in for a global of Python, or a throw: nothing else can ever be called. */
  findGlobal(module: string, name: string): PickleValue;
  /** What a persistent id (a storage) stands for. */
  persistentLoad(id: PickleValue): PickleValue;
}

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
    stack.push(new Tuple(items));
  };
  const findGlobal = (module: PickleValue, name: PickleValue): void => {
    if (!isDotted(module) || !isDotted(name))
      throw new PickleError('its pickle names something that has no name');
    stack.push(rules.findGlobal(module, name));
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

  for (let operations = 0; operations < mostOperations; operations++) {
    const opcode = bytes[take(1)]!;
    switch (String.fromCharCode(opcode)) {
      case '\x80': // PROTO
        if (bytes[take(1)]! > 5) throw new PickleError('its pickle is of an unknown protocol');
        break;
      case '\x95': // FRAME
        take(8);
        break;
      case '.': // STOP
        return { value: pop(), end: at };
      case '(': // MARK
        marked.push(stack);
        stack = [];
        break;
      case '0': // POP
        pop();
        break;
      case 'N': // NONE
        stack.push(null);
        break;
      case '\x88': // NEWTRUE
        stack.push(true);
        break;
      case '\x89': // NEWFALSE
        stack.push(false);
        break;
      case 'J': // BININT
        stack.push(view.getInt32(take(4), true));
        break;
      case 'K': // BININT1
        stack.push(view.getUint8(take(1)));
        break;
      case 'M': // BININT2
        stack.push(view.getUint16(take(2), true));
        break;
      case '\x8a': {
        // LONG1
        const length = bytes[take(1)]!;
        stack.push(longOf(bytes.subarray(take(length), at)));
        break;
      }
      case 'G': // BINFLOAT
        stack.push(view.getFloat64(take(8), false));
        break;
      case 'U': // SHORT_BINSTRING
        stack.push(text(view.getUint8(take(1)), 'latin1'));
        break;
      case 'T': // BINSTRING
        stack.push(text(view.getUint32(take(4), true), 'latin1'));
        break;
      case '\x8c': // SHORT_BINUNICODE
        stack.push(text(view.getUint8(take(1)), 'utf-8'));
        break;
      case 'X': // BINUNICODE
        stack.push(text(view.getUint32(take(4), true), 'utf-8'));
        break;
      case ')': // EMPTY_TUPLE
        stack.push(new Tuple([]));
        break;
      case '\x85': // TUPLE1
        popTuple(1);
        break;
      case '\x86': // TUPLE2
        popTuple(2);
        break;
      case '\x87': // TUPLE3
        popTuple(3);
        break;
      case 't': {
        // TUPLE
        const items = popMark();
        stack.push(new Tuple(items));
        break;
      }
      case ']': // EMPTY_LIST
        stack.push([]);
        break;
      case 'l': {
        // LIST
        const items = popMark();
        stack.push(items);
        break;
      }
      case 'a': // APPEND
        append([pop()]);
        break;
      case 'e': // APPENDS
        append(popMark());
        break;
      case '}': // EMPTY_DICT
        stack.push(new Map());
        break;
      case 'd': {
        // DICT
        const items = popMark();
        stack.push(new Map());
        setItems(items);
        break;
      }
      case 's': {
        // SETITEM
        const value = pop();
        setItems([pop(), value]);
        break;
      }
      case 'u': // SETITEMS
        setItems(popMark());
        break;
      case 'q': // BINPUT
        memo.set(view.getUint8(take(1)), top());
        break;
      case 'r': // LONG_BINPUT
        memo.set(view.getUint32(take(4), true), top());
        break;
      case '\x94': // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 'h': // BINGET
        recall(view.getUint8(take(1)));
        break;
      case 'j': // LONG_BINGET
        recall(view.getUint32(take(4), true));
        break;
      case 'c': // GLOBAL
      case 'i': // INST
        findGlobal(line(), line());
        break;
      case '\x93': {
        // STACK_GLOBAL
        const name = pop();
        findGlobal(pop(), name);
        break;
      }
      case 'Q': // BINPERSID
        stack.push(rules.persistentLoad(pop()));
        break;
      case 'R': {
        // REDUCE
        const args = pop();
        const callable = pop();
        if (!(callable instanceof Callable) || !(args instanceof Tuple)) {
          throw new PickleError('its pickle calls something that cannot be called');
        }
        stack.push(callable.call(args.items));
        break;
      }
      case 'b': // BUILD: attributes of a dictionary (torch keeps version numbers there), not needed
        pop();
        if (!(top() instanceof Map))
          throw new PickleError('its pickle gives attributes to something unknown');
        break;
      default:
        throw new PickleError(
          `its pickle holds the operation 0x${opcode.toString(16)}, which data does not need`,
        );
    }
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
