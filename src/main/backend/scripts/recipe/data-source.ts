import {
  constantOf,
  numberOf,
  plain,
  textOf,
  type Call,
  type Located,
  type Value,
} from '../python/values.ts';

/** Where the rows of a data set of the script come from. */
export interface DataSource {
  load: Call;
  split: string | null;
  shuffled: { seed: number | null; line: number } | null;
  /** The first rows after the shuffle. */
  selected: { count: number; line: number } | null;
  /** A part of `train_test_split`. */
  part: { split: Call; name: string } | null;
  /** New column names and what they were called. */
  renamed: Map<string, string>;
  /** The first step that changes the rows and is not followed; what is taken after it is left out. */
  lost: { line: number; why: string } | null;
}

/** Steps that leave the rows and their order as they are; what `map` changes in them is said elsewhere. */
const sameRows =
  /^(map|remove_columns|select_columns|(set|with)_(format|transform)|to_pandas|from_pandas|reset_index|cast|cast_column|class_encode_column|copy|astype|flatten|tolist|list|to|Dataset|DatasetDict)$/;

const readers =
  /^(load_dataset|load_from_disk|from_csv|from_json|from_parquet|read_csv|read_json|read_parquet)$/;

const allRows = 'Graft takes all rows';

/** Follows a value back to the call that loads it; undefined where that is not known. */
export function dataSourceOf(value: Value | undefined): DataSource | undefined {
  let at = value;
  const steps: Value[] = [];
  // `data["train"] = …` changes what `data["train"]` is later, behind map and filter too.
  let key: string | undefined;
  const replaced = new Set<Call>();
  let index: unknown;
  for (let hops = 0; at && hops < 200; hops++) {
    const part: Located | undefined =
      at.kind === 'call' && key !== undefined && !replaced.has(at.call) ? at.call.items.get(key) : undefined;
    if (part && at.kind === 'call') {
      replaced.add(at.call);
      at = part.value;
      continue;
    }
    steps.push(at);
    if (at.kind === 'item') {
      index = constantOf(at.key);
      if (typeof index === 'string') key = index;
      at = at.of;
    } else if (at.kind === 'member') at = at.of;
    else if (at.kind !== 'call') return undefined;
    else if (readers.test(at.call.name)) break;
    // scikit-learn's train_test_split gives two parts of each thing that it is given.
    else if (typeof index === 'number' && at.call.name === 'train_test_split')
      at = at.call.on ?? at.call.args[Math.floor(index / 2)]?.value;
    else at = at.call.on ?? at.call.args[0]?.value;
  }
  const last = steps.at(-1);
  if (last?.kind !== 'call' || !readers.test(last.call.name)) return undefined;
  const source: DataSource = {
    load: last.call,
    split: null,
    shuffled: null,
    selected: null,
    part: null,
    renamed: new Map(),
    lost: null,
  };
  for (const step of steps.reverse()) {
    const { line } = step.kind === 'call' ? step.call : source.load;
    const why = step.kind === 'call' ? callStep(source, step.call) : pickStep(source, step);
    if (why !== undefined) source.lost ??= { line, why: `${why}.` };
    const open = step.kind === 'call' ? step.call.items.get('**') : undefined;
    if (open)
      source.lost ??= { line: open.line, why: `Which part is replaced here is not known; ${allRows}.` };
  }
  return source;
}

/** `data["train"]`, `frame.loc`: a split or a part, or why it is not followed. */
function pickStep(source: DataSource, step: Value): string | undefined {
  if (step.kind === 'member')
    return /^i?loc$/.test(step.name) ? `Rows are picked by ${step.name}; ${allRows}` : undefined;
  const key = step.kind === 'item' ? constantOf(step.key) : undefined;
  if (key === undefined) return `Rows are picked by a condition; ${allRows}`;
  if (source.part?.name === '')
    source.part.name = typeof key === 'number' ? (key % 2 === 0 ? 'train' : 'test') : String(key);
  else if (typeof key === 'string' && !/^read_|^from_/.test(source.load.name)) source.split = key;
  return undefined;
}

/** What a call does to the rows, or why that is not followed. */
function callStep(source: DataSource, call: Call): string | undefined {
  const { args, line } = call;
  switch (call.name) {
    case 'load_dataset': {
      const split = call.named.get('split');
      if (!split) return undefined;
      const text = textOf(split.value) ?? '';
      const match = /^\w+(?:\[:(\d+)\])?$/.exec(text);
      source.split = /^\w+/.exec(text)?.[0] ?? null;
      if (match?.[1] !== undefined) source.selected = { count: Number(match[1]), line: split.line };
      return match ? undefined : `Which rows of the split are taken is not followed; ${allRows}`;
    }
    case 'shuffle': {
      // Rows that were taken are the same in any order.
      if (source.selected || source.part) return undefined;
      const given = call.argument('seed', 0);
      const seed = numberOf(given?.value);
      if (given && seed === undefined) return `The seed that shuffles is not known; ${allRows}`;
      source.shuffled = { seed: seed ?? null, line };
      return undefined;
    }
    case 'select': {
      const range = rangeOf(call.argument('indices', 0)?.value);
      if (source.part) return `Rows are taken after the split; ${allRows}`;
      if (!range) return `Which rows are taken is not known; ${allRows}`;
      if (range.start > 0)
        return `Rows from ${range.start} on are taken; Graft takes rows from the first one on`;
      // A second cut of the first rows.
      const count = Math.min(source.selected?.count ?? Infinity, range.end);
      if (!source.lost) source.selected = { count, line: source.selected?.line ?? line };
      return undefined;
    }
    case 'train_test_split': {
      const isSecond = source.part !== null;
      source.part = { split: call, name: '' };
      return isSecond ? 'A part of a split is split again; Graft sets rows aside once' : undefined;
    }
    case 'rename_column': {
      const [from, to] = args.map(({ value }) => textOf(value));
      if (from !== undefined && to !== undefined) source.renamed.set(to, from);
      return undefined;
    }
    case 'rename':
    case 'rename_columns':
      for (const [from, to] of Object.entries(plain(call.argument('columns', 0)?.value)?.data ?? {}))
        if (typeof to === 'string') source.renamed.set(to, from);
      return undefined;
  }
  if (call === source.load || sameRows.test(call.name)) return undefined;
  return `${call.name || 'What is called here'} changes the rows; Graft takes them as they are in the data set`;
}

/** `range(1000)`, `range(10, 20)`, `list(range(…))`. */
function rangeOf(value: Value | undefined): { start: number; end: number } | undefined {
  if (value?.kind !== 'call') return undefined;
  const { name, args } = value.call;
  if (name === 'list') return rangeOf(args[0]?.value);
  const [first, second, step] = args.map((arg) => numberOf(arg.value));
  if (name !== 'range' || first === undefined) return undefined;
  if (args.length === 1) return { start: 0, end: first };
  return second === undefined || (args.length > 2 && step !== 1) ? undefined : { start: first, end: second };
}

/** The column that a renamed one was. */
export function originalColumn(source: DataSource | undefined, name: string): string {
  const seen = new Set<string>();
  let column = name;
  for (
    let old = source?.renamed.get(column);
    old !== undefined && !seen.has(column);
    old = source?.renamed.get(column)
  ) {
    seen.add(column);
    column = old;
  }
  return column;
}

/** Whether two sources may hand out the same row: both take the first rows of the same data. */
export function overlap(a: DataSource, b: DataSource): boolean {
  if ((a.load.line !== b.load.line && !isSameData(a.load, b.load)) || a.split !== b.split) return false;
  return !a.part || a.part.split !== b.part?.split || a.part.name === b.part.name;
}

/** Two calls of load_dataset with the same data. */
function isSameData(a: Call, b: Call): boolean {
  const key = (call: Call): string =>
    JSON.stringify([
      call.args.map(({ value }) => plain(value)?.data),
      plain(call.named.get('data_files')?.value)?.data ?? null,
    ]);
  return key(a) === key(b);
}
