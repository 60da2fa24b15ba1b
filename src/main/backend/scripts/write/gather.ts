import { methodOf } from '../../../../shared/methods/index.ts';
import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../../shared/faults/index.ts';
import type { TrainConfig } from '../../../../shared/settings/train-config.ts';
import { exampleOptions, readChosenExamples, readExamples } from '../../../engine/data/examples.ts';
import { buildLabelMap } from '../../../engine/data/labels.ts';
import { openTable, type Table } from '../../../engine/data/table.ts';
import { openText } from '../../../engine/data/text-source.ts';
import { selectRows } from '../../../engine/data/selection.ts';
import { isUnder } from '../../../engine/models/architecture.ts';
import { architectures } from '../../../engine/models/architectures.ts';
import { headLabels } from '../../../engine/models/checkpoint-head.ts';
import { longestText, openBaseModel, type BaseModel } from '../../../engine/models/base-model.ts';
import { walk } from '../../../engine/models/module-tree.ts';
import { planAdapter } from '../../../engine/peft/adapter.ts';
import { savedModules } from '../../../engine/peft/targets.ts';
import { loadTokenizer } from '../../../engine/tokenizer/load-tokenizer.ts';
import { settleLabels } from '../../../engine/tasks/single-label.ts';
import type { DataFile, ScriptContents } from './contents.ts';

/** A run of which a script is asked. */
export interface ScriptSource {
  title: string;
  config: TrainConfig;
  /** Where the config's paths start. */
  baseDir: string;
  model: {
    /** As the script names it. */
    name: string;
    revision: string | null;
    /** Where its files are; null: not on this machine. */
    folder: string | null;
  };
  /** Null: the files of the config. */
  rows: ScriptContents['rows'] | null;
  /** The folder from which the config's files are named; null: copies of them stand beside the script. */
  scriptDir: string | null;
  /** What the script says of its rows where that is not what the config says of the run's files. */
  data: Partial<TrainConfig['data']>;
  measured: Readonly<Record<string, number>> | null;
}

/**
 * Reads labels, head and layers of a run's files: seconds on large data. Throws `scripts/token-ids`, and what reading
 * the files throws.
 */
export async function gatherContents(
  source: ScriptSource,
): Promise<{ contents: ScriptContents; notes: string[] }> {
  const { config, model } = source;
  const { data } = config;
  const unsaid = [
    ...(Object.values(data.label_map).includes(null) ? ['data.label_map (null)'] : []),
    ...(data.text_columns !== null ? ['data.text_columns'] : []),
    ...(data.empty_labels === 'leave_out' ? ['data.empty_labels'] : []),
    ...(data.ragged_rows === 'leave_out' ? ['data.ragged_rows'] : []),
  ];
  if (unsaid.length > 0) throw fault('scripts/rows', { settings: unsaid });
  const train = path.resolve(source.baseDir, data.train);
  const table = await tableOf(train, config);
  if (table.columns.includes('input_ids')) throw fault('scripts/token-ids', { file: data.train });
  const values = await labelValues(train, config);
  const found = await modelContents(source, values.names);
  const rows = source.rows ?? (await rowsOf(source, table));
  const contents: ScriptContents = {
    title: source.title,
    config: {
      ...config,
      adapter: found.targets === undefined ? config.adapter : withTargets(config.adapter, found.targets),
      data: { ...data, ...source.data },
    },
    model: { name: model.name, revision: model.revision },
    rows,
    labels: found.labels,
    // Rows that Graft wrote itself have labels as texts.
    labelText: source.rows === null ? labelTextOf(values.written) : 'as it is',
    canStratify: values.least > 1,
    head: found.head,
    headLayers: found.headLayers,
    savedModules: found.savedModules,
    maxLength: found.maxLength,
    measured: source.measured,
  };
  return { contents, notes: found.notes };
}

/** The classes of the training rows, the labels as the file has them, and the number of rows of the smallest class. */
async function labelValues(
  file: string,
  config: TrainConfig,
): Promise<{ names: readonly string[]; written: readonly string[]; least: number }> {
  const { data } = config;
  const options = exampleOptions(data);
  const { train_select: select } = data;
  // Every label of the file makes a class, also where only some rows are taken.
  const labels = select
    ? (await readChosenExamples(file, options, (rows) => selectRows(rows, select, file))).labels
    : (await readExamples(file, options)).examples.map(({ label }) => label!);
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(String(label), (counts.get(String(label)) ?? 0) + 1);
  const { names } = buildLabelMap(labels);
  const written =
    Object.keys(data.label_map).length === 0
      ? names
      : (await readExamples(file, { ...options, labelMap: {} })).examples.map(({ label }) => String(label));
  return { names, written: [...new Set(written)], least: Math.min(...counts.values()) };
}

const tableOf = (file: string, { data }: TrainConfig): Promise<Table> =>
  openTable(file, exampleOptions(data));

/** How Python's values of these labels become the texts again: it reads numbers and truth values by itself. */
function labelTextOf(names: readonly string[]): ScriptContents['labelText'] {
  if (names.every((name) => /^(true|false)$/i.test(name))) {
    if (names.every((name) => name === name.toLowerCase())) return 'lower';
    return names.every((name) => name === name.toUpperCase()) ? 'upper' : 'str';
  }
  return names.every((name) => name.trim() !== '' && Number.isFinite(Number(name))) ? 'str' : 'as it is';
}

interface ModelContents extends Pick<
  ScriptContents,
  'labels' | 'head' | 'headLayers' | 'savedModules' | 'maxLength'
> {
  /** What `target_modules` stands for on this model. */
  targets?: unknown;
  notes: string[];
}

/** Targets that nothing is said of are named: PEFT has no default for every architecture. */
const withTargets = (adapter: TrainConfig['adapter'], targets: unknown): TrainConfig['adapter'] =>
  adapter['target_modules'] == null && targets != null ? { ...adapter, target_modules: targets } : adapter;

/** What the checkpoint decides: the order of the classes, the head, the layers that it lacks, the longest text. */
async function modelContents(
  { config, model }: ScriptSource,
  names: readonly string[],
): Promise<ModelContents> {
  const { data, adapter } = config;
  if (model.folder === null) {
    return {
      labels: names,
      head: 'new',
      savedModules: architectures[0]!.names.head,
      headLayers: [],
      maxLength: data.max_length,
      notes: [
        `The model ${model.name} is not on this machine: layers that its checkpoint lacks are not named.`,
      ],
    };
  }
  const own = await headLabels(model.folder);
  const settled = settleLabels(buildLabelMap(names), own);
  const base = await openBaseModel(model.folder, {
    head: 'sequence',
    labelNames: settled.names,
    overrides: config.model_overrides,
  });
  try {
    const { config: planned } = planAdapter(base, adapter, 'adapter');
    const modules = z.array(z.string()).catch([]).parse(planned['modules_to_save']);
    const saved = savedModules(base.tree, modules);
    // PEFT names heads of every architecture; a script names those that there are, `pre_classifier` too where `classifier`
    // stands for it: all-linear leaves out whole names alone.
    const named = saved.map((found) => modules.find((name) => `.${found}`.endsWith(`.${name}`)) ?? found);
    const tokenizer = await loadTokenizer(model.folder);
    const longest = longestText(base, tokenizer, data.max_length);
    const labels = [...names].sort((a, b) => settled.idOf(a)! - settled.idOf(b)!);
    return {
      labels,
      head: headOf(base, own),
      savedModules: methodOf(adapter.peft_type)?.script ? saved : named,
      targets: planned['target_modules'],
      headLayers: headLayers(base),
      maxLength: data.max_length === null && longest === tokenizer.modelMaxLength ? null : longest,
      notes: [],
    };
  } finally {
    await base.close();
  }
}

const headLayers = ({ tree, architecture, encoder, raw }: BaseModel): ScriptContents['headLayers'] =>
  [...walk(tree)].flatMap(({ path: at, node }) => {
    if (node.type !== 'Linear' || !isUnder(architecture.names.head, at)) return [];
    const first = encoder.initial(node, 'weight');
    const deviation = 'deviation' in first ? first.deviation : 0;
    return [
      {
        path: at,
        hasBias: node.parameters!.some(({ name }) => name === 'bias'),
        deviation: deviation === (raw['initializer_range'] ?? 0.02) ? null : deviation,
      },
    ];
  });

function headOf(base: BaseModel, own: readonly string[] | null): ScriptContents['head'] {
  const output = `${base.architecture.names.output}.weight`;
  const { unexpected, mismatched } = base.loading;
  if (unexpected.includes(output) || mismatched.some(({ name }) => name === output)) return 'resized';
  if (base.newlyInitialized.includes(output)) return 'new';
  return base.labelNames.every((name, id) => name === own?.[id]) ? 'own' : 'redrawn';
}

async function rowsOf(source: ScriptSource, table: Table): Promise<ScriptContents['rows']> {
  const { config, baseDir } = source;
  const { data } = config;
  const evaluated = data.eval === null ? null : await tableOf(path.resolve(baseDir, data.eval), config);
  return {
    kind: 'files',
    train: await dataFile('train', table, source),
    eval: evaluated && (await dataFile('eval', evaluated, source)),
    textColumn: data.text_column,
    // A column of this name is a second text also where nothing is said.
    textPairColumn: data.text_pair_column ?? (table.columns.includes('text_pair') ? 'text_pair' : null),
    labelColumn: data.label_column,
  };
}

const formats = {
  csv: 'csv',
  tsv: 'csv',
  jsonl: 'json',
  json: 'json',
  txt: 'csv',
  parquet: 'parquet',
} as const;
type ScriptFormat = keyof typeof formats;
const inScripts = (format: Table['format']): format is ScriptFormat => format in formats;

/** The name of a data file's copy beside the script. */
export const copyName = (name: 'train' | 'eval', file: string): string =>
  `${name}${path.extname(file).toLowerCase()}`;

/** A file inside the script's folder is named from there, any other one in full. */
function shownPath(file: string, scriptDir: string): string {
  const relative = path.relative(scriptDir, file);
  const outside = relative.startsWith('..') || path.isAbsolute(relative);
  return (outside ? file : relative).split(path.sep).join('/');
}

async function dataFile(
  name: 'train' | 'eval',
  table: Table,
  { config, scriptDir }: ScriptSource,
): Promise<DataFile> {
  if (!inScripts(table.format)) throw fault('scripts/format', { file: table.file, format: table.format });
  const format = formats[table.format];
  const options: Record<string, unknown> = {};
  if (format === 'csv') {
    const { column_names: names } = config.data;
    if (table.delimiter !== undefined && table.delimiter !== ',') options['sep'] = table.delimiter;
    if (names !== null) options['column_names'] = names;
    // pandas would take texts such as "NA" and "null" for missing ones, and a quote for the start of a field.
    options['keep_default_na'] = false;
    if (table.dialect?.quote === null) options['quoting'] = 3;
    if (table.dialect?.escape === '\\') options['escapechar'] = '\\';
    // Outside quotes pandas takes a carriage return for the end of a line.
    if (await hasCarriageReturns(table)) options['lineterminator'] = '\n';
  }
  if (format !== 'parquet' && table.encoding !== 'utf-8') options['encoding'] = table.encoding;
  const shown = scriptDir === null ? copyName(name, table.file) : shownPath(table.file, scriptDir);
  return { path: shown, format, options };
}

/** Throws `scripts/carriage-returns` where lines end with carriage returns as well: pandas has no word for that. */
async function hasCarriageReturns({ file, encoding }: Table): Promise<boolean> {
  const { sample } = await openText(file, { encoding });
  const alone = /\r(?!\n|$)/.exec(sample);
  if (alone === null || !sample.includes('\n')) return false;
  if (!sample.includes('\r\n')) return true;
  // Inside quotes it is text for pandas, too.
  const before = sample.slice(sample.lastIndexOf('\n', alone.index) + 1, alone.index);
  if ((before.match(/"/g)?.length ?? 0) % 2 === 1) return false;
  throw fault('scripts/carriage-returns', { file: path.basename(file) });
}
