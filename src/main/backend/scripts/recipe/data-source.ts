import {
  argument,
  calledName,
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
  /** Rows from `start` to `end` after the shuffle. */
  selected: { start: number; end: number | null; line: number } | null;
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

/** Follows a value back to the call that loads it; undefined where that is not known. */
export function dataSourceOf(value: Value | undefined): DataSource | undefined {
  let at = value;
  const steps: Value[] = [];
  // `data["train"] = …` changes what `data["train"]` is later, behind map and filter too.
  let key: string | undefined;
  const replaced = new Set<Call>();
  let place: unknown;
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
      place = constantOf(at.key);
      if (typeof place === 'string') key = place;
      at = at.of;
    } else if (at.kind === 'member') at = at.of;
    else if (at.kind !== 'call') return undefined;
    else if (readers.test(calledName(at.call))) break;
    else if (at.call.callee.kind === 'member') at = at.call.callee.of;
    // scikit-learn's train_test_split gives two parts of each thing that it is given.
    else at = at.call.args[typeof place === 'number' && isSplit(at.call) ? Math.floor(place / 2) : 0]?.value;
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
    lost: null,
  };
  for (const step of steps.reverse()) applyStep(source, step);
  return source;
}

const isSplit = (call: Call): boolean => calledName(call) === 'train_test_split';
const isTable = (call: Call): boolean => /^read_|^from_/.test(calledName(call));

function applyStep(source: DataSource, step: Value): void {
  if (step.kind === 'item') {
    const key = constantOf(step.key);
    if (source.part?.name === '')
      source.part.name = typeof key === 'number' ? (key % 2 === 0 ? 'train' : 'test') : String(key);
    else if (typeof key === 'string' && !isTable(source.load)) source.split = key;
    else if (key === undefined)
      lose(source, source.load.line, 'Rows are picked by a condition; Graft takes all rows.');
    return;
  }
  if (step.kind === 'member' && /^i?loc$/.test(step.name))
    return lose(source, source.load.line, `Rows are picked by ${step.name}; Graft takes all rows.`);
  if (step.kind !== 'call') return;
  const { call } = step;
  switch (calledName(call)) {
    case 'load_dataset': {
      const split = call.named.get('split');
      if (split && !readSplit(source, textOf(split.value) ?? '', split.line))
        lose(source, split.line, 'Which rows of the split are taken is not followed; Graft takes all rows.');
      return;
    }
    case 'shuffle': {
      // Rows that were taken are the same in any order.
      if (source.selected || source.part) return;
      const given = argument(call, 'seed', 0);
      const seed = numberOf(given?.value);
      if (given && seed === undefined)
        lose(source, given.line, 'The seed that shuffles is not known; Graft takes all rows.');
      else source.shuffled = { seed: seed ?? null, line: call.line };
      return;
    }
    case 'select': {
      const rows = argument(call, 'indices', 0)?.value;
      const range = rows && rangeOf(rows);
      if (source.part) lose(source, call.line, 'Rows are taken after the split; Graft takes all rows.');
      else if (!range) lose(source, call.line, 'Which rows are taken is not known; Graft takes all rows.');
      else if (range.start > 0)
        lose(
          source,
          call.line,
          `Rows from ${range.start} on are taken; Graft takes rows from the first one on.`,
        );
      // A second cut of the first rows.
      else if (!source.lost && source.selected)
        source.selected.end = Math.min(source.selected.end ?? Infinity, range.end ?? Infinity);
      else if (!source.lost) source.selected = { ...range, line: call.line };
      return;
    }
    case 'train_test_split':
      if (source.part)
        lose(source, call.line, 'A part of a split is split again; Graft sets rows aside once.');
      source.part = { split: call, name: '' };
      return;
    case 'rename_column': {
      const [from, to] = call.args.map(({ value }) => textOf(value));
      if (from !== undefined && to !== undefined) source.renamed.set(to, from);
      return;
    }
    case 'rename':
    case 'rename_columns': {
      const given = call.named.get('columns') ?? call.args[0];
      const map = given && plain(given.value)?.data;
      for (const [from, to] of Object.entries(map ?? {})) {
        if (typeof to === 'string') source.renamed.set(to, from);
      }
      return;
    }
    default: {
      const name = calledName(call);
      if (call !== source.load && !sameRows.test(name))
        lose(
          source,
          call.line,
          `${name || 'What is called here'} changes the rows; Graft takes them as they are in the data set.`,
        );
    }
  }
}

function lose(source: DataSource, line: number, why: string): void {
  source.lost ??= { line, why };
}

/** `range(1000)`, `range(10, 20)`, `list(range(…))`. */
function rangeOf(value: Value): { start: number; end: number | null } | undefined {
  if (value.kind !== 'call') return undefined;
  const { call } = value;
  if (calledName(call) === 'list') return call.args[0] && rangeOf(call.args[0].value);
  if (calledName(call) !== 'range') return undefined;
  const [first, second, step] = call.args.map((arg) => numberOf(arg.value));
  if (call.args.length === 1 && first !== undefined) return { start: 0, end: first };
  if (first === undefined || second === undefined || (call.args.length > 2 && step !== 1)) return undefined;
  return { start: first, end: second };
}

/** `train`, `train[:1000]`; false: another form, such as shares of the rows. */
function readSplit(source: DataSource, text: string, line: number): boolean {
  const match = /^(\w+)(?:\[:(\d+)\])?$/.exec(text);
  source.split = /^\w+/.exec(text)?.[0] ?? null;
  if (!match) return false;
  if (match[2] !== undefined) source.selected = { start: 0, end: Number(match[2]), line };
  return true;
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
