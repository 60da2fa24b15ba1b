import {
  argument,
  calledName,
  constantOf,
  numberOf,
  plain,
  textOf,
  type Call,
  type Placed,
  type Value,
} from '../python/values.ts';

/** Where the rows of a data set of the script come from. */
export interface DataSource {
  load: Call;
  split: string | null;
  shuffled: { seed: number | null; line: number } | null;
  /** Rows from `start` to `end` after the shuffle. */
  selected: { start: number; end: number | null; line: number } | null;
  /** A part of `train_test_split`. */
  part: { split: Call; name: string } | null;
  /** New column names and what they were called. */
  renamed: Map<string, string>;
}

const readers =
  /^(load_dataset|load_from_disk|from_csv|from_json|from_parquet|read_csv|read_json|read_parquet)$/;

/** Follows a value back to the call that loads it; undefined where that is not known. */
export function dataSourceOf(value: Value | undefined): DataSource | undefined {
  let at = value;
  const steps: Value[] = [];
  // `data["train"] = …` changes what `data["train"]` is later, behind map and filter too.
  let key: string | undefined;
  const replaced = new Set<Call>();
  for (let hops = 0; at && hops < 200; hops++) {
    const part: Placed | undefined =
      at.kind === 'call' && key !== undefined && !replaced.has(at.call) ? at.call.items.get(key) : undefined;
    if (part && at.kind === 'call') {
      replaced.add(at.call);
      at = part.value;
      continue;
    }
    steps.push(at);
    if (at.kind === 'item') {
      const name = constantOf(at.key);
      if (typeof name === 'string') key = name;
      at = at.of;
    } else if (at.kind === 'member') at = at.of;
    else if (at.kind !== 'call') return undefined;
    else if (readers.test(calledName(at.call))) break;
    else at = at.call.callee.kind === 'member' ? at.call.callee.of : at.call.args[0]?.value;
  }
  const last = steps.at(-1);
  if (last?.kind !== 'call' || !readers.test(calledName(last.call))) return undefined;
  const source: DataSource = {
    load: last.call,
    split: null,
    shuffled: null,
    selected: null,
    part: null,
    renamed: new Map(),
  };
  for (const step of steps.reverse()) applyStep(source, step);
  return source;
}

function applyStep(source: DataSource, step: Value): void {
  if (step.kind === 'item') {
    const key = constantOf(step.key);
    if (typeof key !== 'string') return;
    if (source.part?.name === '') source.part.name = key;
    else source.split = key;
    return;
  }
  if (step.kind !== 'call') return;
  const { call } = step;
  switch (calledName(call)) {
    case 'load_dataset': {
      const split = textOf(call.named.get('split')?.value);
      if (split !== undefined) readSplit(source, split, call.line);
      return;
    }
    case 'shuffle':
      source.shuffled = { seed: numberOf(argument(call, 'seed', 0)?.value) ?? null, line: call.line };
      return;
    case 'select': {
      const rows = argument(call, 'indices', 0)?.value;
      const range = rows && rangeOf(rows);
      if (range) source.selected = { ...range, line: call.line };
      return;
    }
    case 'train_test_split':
      source.part = { split: call, name: '' };
      return;
    case 'rename_column': {
      const [from, to] = call.args.map(({ value }) => textOf(value));
      if (from !== undefined && to !== undefined) source.renamed.set(to, from);
      return;
    }
    case 'rename_columns': {
      const map = call.args[0] && plain(call.args[0].value)?.data;
      for (const [from, to] of Object.entries(map ?? {})) {
        if (typeof to === 'string') source.renamed.set(to, from);
      }
      return;
    }
    default:
  }
}

/** `range(1000)`, `range(10, 20)`, `list(range(…))`. */
function rangeOf(value: Value): { start: number; end: number | null } | undefined {
  if (value.kind !== 'call') return undefined;
  const { call } = value;
  if (calledName(call) === 'list') return call.args[0] && rangeOf(call.args[0].value);
  if (calledName(call) !== 'range') return undefined;
  const numbers = call.args.map((arg) => numberOf(arg.value) ?? null);
  if (numbers.length === 1) return { start: 0, end: numbers[0]! };
  return typeof numbers[0] === 'number' ? { start: numbers[0], end: numbers[1] ?? null } : undefined;
}

/** `train`, `train[:1000]`, `train[100:200]`; shares are left to the reader of the recipe. */
function readSplit(source: DataSource, text: string, line: number): void {
  const match = /^(\w+)(?:\[(\d*):(\d*)\])?/.exec(text);
  if (!match) return;
  source.split = match[1]!;
  if (match[2] === undefined) return;
  const end = match[3] === '' ? null : Number(match[3]);
  source.selected = { start: Number(match[2]), end, line };
}

/** The column that a renamed one was. */
export function originalColumn(source: DataSource | undefined, name: string): string {
  let column = name;
  const seen = new Set<string>();
  for (let old = source?.renamed.get(column); old !== undefined && !seen.has(column);) {
    seen.add(column);
    column = old;
    old = source?.renamed.get(column);
  }
  return column;
}

/** Whether two sources may hand out the same row. */
export function overlap(a: DataSource, b: DataSource): boolean {
  if (a.load.line !== b.load.line && !sameData(a.load, b.load)) return false;
  if (a.split !== b.split) return false;
  if (a.part && a.part.split === b.part?.split) return a.part.name === b.part.name;
  const sameOrder = (a.shuffled?.seed ?? null) === (b.shuffled?.seed ?? null);
  const isRandom = (one: DataSource): boolean => one.shuffled !== null && one.shuffled.seed === null;
  if (sameOrder && !isRandom(a) && !isRandom(b)) {
    const [from, to] = [a, b].map(({ selected }) => selected ?? { start: 0, end: null }) as [
      { start: number; end: number | null },
      { start: number; end: number | null },
    ];
    return from.start < (to.end ?? Infinity) && to.start < (from.end ?? Infinity);
  }
  return true;
}

/** Two calls of load_dataset with the same data. */
function sameData(a: Call, b: Call): boolean {
  const key = (call: Call): string =>
    JSON.stringify([
      call.args.map(({ value }) => plain(value)?.data),
      plain(call.named.get('data_files')?.value ?? { kind: 'constant', value: null })?.data,
    ]);
  return key(a) === key(b);
}
