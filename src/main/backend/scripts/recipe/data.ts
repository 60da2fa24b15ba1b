import { isDeepStrictEqual } from 'node:util';
import type { Recipe } from '../../../../shared/contract/scripts.ts';
import {
  constantOf,
  numberOf,
  plain,
  textOf,
  type Call,
  type Located,
  type Value,
} from '../python/values.ts';
import { dataSourceOf, originalColumn, type DataSource } from './data-source.ts';
import type { ScriptReading } from './script-reading.ts';

/** Names of load_dataset that stand for a file format. */
const formats = new Set(['csv', 'json', 'parquet', 'text']);

export interface ScriptData {
  dataset: Recipe['dataset'];
  train: DataSource | undefined;
  eval: DataSource | undefined;
}

/** The data set of a script, and what Trainer is given of it. */
export function readData(script: ScriptReading): ScriptData {
  const { calls, trainer } = script;
  const train = dataSourceOf(trainer?.named.get('train_dataset')?.value);
  const evaluated = dataSourceOf(trainer?.named.get('eval_dataset')?.value);
  for (const name of ['train_dataset', 'eval_dataset']) {
    const given = trainer?.named.get(name);
    if (!given || constantOf(given.value) === null) continue;
    const source = dataSourceOf(given.value);
    if (!source) script.notTaken('rows', given.line, { name });
    else if (source.lost) script.reader.note(source.lost.line, source.lost.why);
  }
  const load =
    train?.load ??
    evaluated?.load ??
    calls.find((call) => dataSourceOf({ kind: 'call', call })?.load === call);
  if (!load) return { dataset: null, train, eval: evaluated };
  const dataset = datasetOf(load, script);
  if (evaluated && evaluated.load !== load && dataset && load.name !== 'load_dataset') {
    const other = datasetOf(evaluated.load, script);
    dataset.files.push(...(other?.files ?? []));
  }
  return { dataset, train, eval: evaluated };
}

function datasetOf(call: Call, script: ScriptReading): Recipe['dataset'] {
  const first = call.argument('path', 0) ?? call.argument('filepath_or_buffer', 0);
  const name = textOf(first?.value);
  if (call.name !== 'load_dataset') {
    // pandas and Dataset.from_…: a file.
    if (name === undefined) return null;
    script.found('data.files', call.line, name);
    return { hubId: null, config: null, files: [{ path: name, split: null }] };
  }
  if (name === undefined) {
    if (first) script.value('the data set', first);
    return null;
  }
  const config = call.text('name', 1) ?? null;
  const given = call.named.get('data_files');
  if (!formats.has(name) && !given) {
    script.found('data.hubId', first!.line, name);
    if (config !== null) script.found('data.config', call.line, config);
    return { hubId: name, config, files: [] };
  }
  const files = filesOf(given && script.value('data_files', given)?.data);
  if (files.length > 0) script.found('data.files', given!.line, files.map(({ path }) => path).join(', '));
  return { hubId: formats.has(name) ? null : name, config, files };
}

function filesOf(data: unknown, split: string | null = null): { path: string; split: string | null }[] {
  if (typeof data === 'string') return [{ path: data, split }];
  if (Array.isArray(data))
    return data.flatMap((file: unknown) => (typeof file === 'string' ? filesOf(file, split) : []));
  return Object.entries(data ?? {}).flatMap(([name, files]) => (split === null ? filesOf(files, name) : []));
}

/** The rows taken of a source, as `shuffle(seed).select(range(count))`. */
export function selectOf(
  source: DataSource | undefined,
  part: 'train' | 'eval',
  script: ScriptReading,
): Recipe['trainSelect'] {
  // Rows of a set that is not the script's any more are others than the script takes.
  if (!source?.selected || source.lost) return null;
  const { shuffled, selected } = source;
  script.found(`data.${part}Select.count`, selected.line, selected.count);
  if (shuffled?.seed != null) script.found(`data.${part}Select.shuffle_seed`, shuffled.line, shuffled.seed);
  // The first rows alone would often be those of one class: without a seed any shuffled ones do.
  return { shuffle_seed: shuffled ? (shuffled.seed ?? 42) : null, count: selected.count };
}

/**
 * The column with the classes: the one renamed to what Trainer asks for, or that name itself; and what a dictionary of
 * the script makes of its values.
 */
export function labelsOf(data: ScriptData, script: ScriptReading): Pick<Recipe, 'labelColumn' | 'labelMap'> {
  const source = data.train ?? data.eval;
  const [set, ...others] = script.calls.flatMap(
    ({ items }) => items.get('labels') ?? items.get('label') ?? [],
  );
  if (set) {
    const column = columnBehind(set.value);
    if (column === undefined) {
      script.notTaken('labels', set.line, {});
      return { labelColumn: null, labelMap: {} };
    }
    script.found('data.labelColumn', set.line, column);
    const labelMap = labelMapOf(set, script);
    if (labelMap && Object.keys(labelMap).length > 0) script.found('data.labelMap', set.line, labelMap);
    else if (!labelMap && (column !== 'label' || isMap(set.value)) && !isNumbering(set, script))
      script.trap('labels-changed', set.line, { column });
    for (const other of others.filter(({ value }) => isMap(value)))
      if (!isDeepStrictEqual(labelMapOf(other, script), labelMap))
        script.notTaken('labels again', other.line, { at: set.line });
    return { labelColumn: originalColumn(source, column), labelMap: labelMap ?? {} };
  }
  for (const name of ['labels', 'label']) {
    const original = originalColumn(source, name);
    if (original === name) continue;
    script.found('data.labelColumn', source!.load.line, original);
    return { labelColumn: original, labelMap: {} };
  }
  return { labelColumn: data.dataset === null ? null : 'label', labelMap: {} };
}

const isMap = (value: Value): boolean => value.kind === 'call' && value.call.name === 'map';

/** The dictionary that labels go through: `column.map(NAMES)`, `NAMES[label]`, `NAMES.get(label, label)`. */
function labelMapOf({ value, line }: Located, script: ScriptReading): Recipe['labelMap'] | undefined {
  if (value.kind === 'call' && isMap(value)) return mapOf(value.call.args[0]?.value);
  if (value.kind !== 'unknown') return undefined;
  for (const [, name] of script.reader.source.lineText(line).matchAll(/\b([A-Za-z_]\w*)(?:\[|\.get\()/g)) {
    const map = mapOf(script.reader.lookup(name!));
    if (map) return map;
  }
  return undefined;
}

/** A literal dictionary as a label map; empty where it only numbers classes. Undefined: it is none. */
function mapOf(value: Value | undefined): Recipe['labelMap'] | undefined {
  if (value?.kind !== 'dict') return undefined;
  const entries = [...value.entries].map(([key, entry]) => [key, constantOf(entry.value)] as const);
  const isKnown = entries.every(([, name]) => name === null || ['string', 'number'].includes(typeof name));
  if (!isKnown || entries.length === 0) return undefined;
  const numbers = new Set(entries.map(([, name]) => name));
  if (numbers.size === entries.length && entries.every((_, id) => numbers.has(id))) return {};
  const map = Object.fromEntries(entries.map(([key, name]) => [key, name === null ? null : String(name)]));
  return Object.values(map).includes('') ? undefined : map;
}

/** Whether labels only get numbers: the column itself, each label's place in a list. */
const isNumbering = ({ value, line }: Located, script: ScriptReading): boolean =>
  value.kind === 'item' ||
  /\.index\(|str2int\(|label2id\[|fit_transform\(|\bint\(/.test(script.reader.source.lineText(line));

const isRows = (value: Value): boolean => value.kind === 'parameter' || dataSourceOf(value) !== undefined;

/** `examples["stars"]` or `df["stars"]`, also behind methods and in a list made of it. */
export function columnBehind(value: Value | undefined): string | undefined {
  switch (value?.kind) {
    case 'unknown':
      return columnBehind(value.over);
    case 'call':
      return value.call.callee.kind === 'member' && value.call.args[0]?.value.kind !== 'item'
        ? columnBehind(value.call.callee.of)
        : columnBehind(value.call.args[0]?.value);
    case 'item': {
      const key = constantOf(value.key);
      return typeof key === 'string' && isRows(value.of) ? key : undefined;
    }
    case 'member':
      return isRows(value.of) ? value.name : columnBehind(value.of);
    default:
      return undefined;
  }
}

/** What `map` changes in the rows, but for tokens and labels: a function or a dictionary that is not followed. */
export function checkMaps(script: ScriptReading): void {
  const { calls } = script;
  const labels = calls.flatMap(({ items }) => [items.get('labels'), items.get('label')]);
  for (const call of calls) {
    if (call.name !== 'map' || call.callee.kind !== 'member') continue;
    const given = call.argument('function', 0)?.value;
    // The trap of changed labels says it.
    if (labels.some((set) => set?.value.kind === 'call' && set.value.call === call)) continue;
    if (given?.kind === 'dict') script.notTaken('dictionary', call.line, {});
    else if (given?.kind === 'function' && !/tok/i.test(script.reader.textOf(given.body)))
      script.notTaken('function of map', call.line, { name: given.name });
  }
}

/** Classes that the script says the head has. */
export function numLabelsOf(script: ScriptReading): number | null {
  const { calls, model } = script;
  const config = calls.find((call) => call.name === 'from_pretrained' && call.named.has('num_labels'));
  for (const call of [model, config]) {
    if (!call) continue;
    const given = call.named.get('num_labels');
    const count = numberOf(given?.value);
    if (count !== undefined) {
      script.found('numLabels', given!.line, count);
      return count;
    }
    const names = call.named.get('id2label') ?? call.named.get('label2id');
    const map = names && plain(names.value)?.data;
    if (typeof map === 'object' && map !== null) return Object.keys(map).length;
    if (given) script.value('num_labels', given);
  }
  return null;
}
