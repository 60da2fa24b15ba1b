import type { Recipe } from '../../../../shared/contract/scripts.ts';
import {
  argument,
  calledName,
  constantOf,
  numberOf,
  plain,
  textOf,
  type Call,
  type Value,
} from '../python/values.ts';
import { dataSourceOf, originalColumn, type DataSource } from './data-source.ts';
import type { Findings } from './findings.ts';

/** Names of load_dataset that stand for a file format. */
const formats = new Set(['csv', 'json', 'parquet', 'text']);

export interface ScriptData {
  dataset: Recipe['dataset'];
  train: DataSource | undefined;
  eval: DataSource | undefined;
}

/** The data set of a script, and what Trainer is given of it. */
export function readData(calls: readonly Call[], trainer: Call | undefined, findings: Findings): ScriptData {
  const train = dataSourceOf(trainer?.named.get('train_dataset')?.value);
  const evaluated = dataSourceOf(trainer?.named.get('eval_dataset')?.value);
  for (const name of ['train_dataset', 'eval_dataset']) {
    const given = trainer?.named.get(name);
    if (given && constantOf(given.value) !== null && !dataSourceOf(given.value)) {
      findings.notUnderstood(given.line, `Where the rows of ${name} come from is not known.`);
    }
  }
  const load =
    train?.load ??
    evaluated?.load ??
    calls.find((call) => dataSourceOf({ kind: 'call', call })?.load === call);
  if (!load) return { dataset: null, train, eval: evaluated };
  const dataset = datasetOf(load, findings);
  if (evaluated && evaluated.load !== load && dataset && calledName(load) !== 'load_dataset') {
    const other = datasetOf(evaluated.load, findings);
    dataset.files.push(...(other?.files ?? []));
  }
  return { dataset, train, eval: evaluated };
}

function datasetOf(call: Call, findings: Findings): Recipe['dataset'] {
  const first = argument(call, 'path', 0) ?? argument(call, 'filepath_or_buffer', 0);
  const name = textOf(first?.value);
  if (calledName(call) !== 'load_dataset') {
    // pandas and Dataset.from_…: a file.
    if (name === undefined) return null;
    findings.found('data.files', call.line, name);
    return { hubId: null, config: null, files: [{ path: name, split: null }] };
  }
  if (name === undefined) {
    if (first) findings.value('the data set', first);
    return null;
  }
  const config = textOf(argument(call, 'name', 1)?.value) ?? null;
  const given = call.named.get('data_files');
  if (!formats.has(name) && !given) {
    findings.found('data.hubId', first!.line, name);
    if (config !== null) findings.found('data.config', call.line, config);
    return { hubId: name, config, files: [] };
  }
  const files = filesOf(given && findings.value('data_files', given)?.data);
  if (files.length > 0) findings.found('data.files', given!.line, files.map(({ path }) => path).join(', '));
  return { hubId: formats.has(name) ? null : name, config, files };
}

function filesOf(data: unknown): { path: string; split: string | null }[] {
  const list = (value: unknown, split: string | null): { path: string; split: string | null }[] =>
    (Array.isArray(value) ? value : [value])
      .filter((path) => typeof path === 'string')
      .map((path) => ({ path, split }));
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) {
    return Object.entries(data).flatMap(([split, value]) => list(value, split));
  }
  return list(data, null);
}

/** The split of a source's rows, `train` where one file or one part is meant. */
export function splitOf(source: DataSource | undefined): string | null {
  return source?.split ?? null;
}

/** The rows taken of a source, as `shuffle(seed).select(range(count))`. */
export function selectOf(
  source: DataSource | undefined,
  part: 'train' | 'eval',
  findings: Findings,
): Recipe['trainSelect'] {
  if (!source) return null;
  const { shuffled, selected } = source;
  if (!selected && !shuffled) return null;
  const count = selected?.end == null ? null : selected.end - selected.start;
  if (selected && selected.start > 0) {
    findings.notUnderstood(
      selected.line,
      `Rows from ${selected.start} on are taken; Graft takes rows from the first one on.`,
    );
  }
  if (count !== null) findings.found(`data.${part}Select.count`, selected!.line, count);
  if (shuffled?.seed != null) findings.found(`data.${part}Select.shuffle_seed`, shuffled.line, shuffled.seed);
  // Shuffling alone changes nothing: Trainer draws the rows in an order of its own.
  if (count === null) return null;
  return { shuffle_seed: shuffled?.seed ?? null, count };
}

/** The column with the classes: the one renamed to what Trainer asks for, or that name itself. */
export function labelColumnOf(data: ScriptData, calls: readonly Call[], findings: Findings): string | null {
  const source = data.train ?? data.eval;
  for (const call of calls) {
    const set = call.items.get('labels') ?? call.items.get('label');
    const column = set && rowColumn(set.value);
    if (column !== undefined) {
      findings.found('data.labelColumn', set!.line, column);
      return originalColumn(source, column);
    }
  }
  for (const name of ['labels', 'label']) {
    const original = originalColumn(source, name);
    if (original === name) continue;
    findings.found('data.labelColumn', source!.load.line, original);
    return original;
  }
  return data.dataset === null ? null : 'label';
}

/** `examples["stars"]`, also in a list of changes to it. */
function rowColumn(value: Value): string | undefined {
  if (value.kind === 'unknown' && value.over) return rowColumn(value.over);
  if (value.kind !== 'item' || value.of.kind !== 'parameter') return undefined;
  const key = constantOf(value.key);
  return typeof key === 'string' ? key : undefined;
}

/** Classes that the script says the head has. */
export function numLabelsOf(
  model: Call | undefined,
  calls: readonly Call[],
  findings: Findings,
): number | null {
  const config = calls.find((call) => calledName(call) === 'from_pretrained' && call.named.has('num_labels'));
  for (const call of [model, config]) {
    if (!call) continue;
    const given = call.named.get('num_labels');
    const count = numberOf(given?.value);
    if (count !== undefined) {
      findings.found('numLabels', given!.line, count);
      return count;
    }
    const names = call.named.get('id2label') ?? call.named.get('label2id');
    const map = names && plain(names.value)?.data;
    if (typeof map === 'object' && map !== null) return Object.keys(map).length;
    if (given) findings.value('num_labels', given);
  }
  return null;
}
