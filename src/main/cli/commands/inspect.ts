import { basename } from 'node:path';
import type { LabelReading } from '../../../shared/contract/datasets.ts';
import { fault } from '../../../shared/faults/index.ts';
import { mapText, readLabelColumn } from '../../../shared/label-column.ts';
import { givenTokens } from '../../engine/data/given-tokens.ts';
import { buildLabelMap } from '../../engine/data/labels.ts';
import { ColumnStats } from '../../engine/data/roles.ts';
import type { Table } from '../../engine/data/table.ts';
import type { ModelReport } from '../../engine/inspect.ts';
import type { TextTokenizer } from '../../engine/tokenizer/text-tokenizer.ts';
import { command, type CommandContext, type Outcome } from '../command.ts';
import { count, parametersText, table as textTable } from '../format.ts';
import { chunks } from '../../engine/data/chunks.ts';
import { rowsAtOnce } from '../io/input-rows.ts';
import { adapterFolder, baseFolder, modelFolder } from '../io/model-folder.ts';
import { given } from '../../../shared/fields.ts';
import { dataFormats, option, text, type ValuesOf } from '../options.ts';

const help = `
--model prints the module tree, parameters and labels; with --adapter the modules that the adapter touches are marked;
--data prints columns, labels and lengths of a file, with --model in tokens too.

Examples:
  graft inspect --model org/name
  graft inspect --adapter out
  graft inspect --data train.csv --label-column stars --model org/name`;

const options = {
  model: text('--model <M>', 'the model: a folder or a hub id'),
  adapter: option.adapter,
  data: text('--data <FILE>', `a data file: ${dataFormats}`),
  textColumn: option.textColumn,
  encoding: option.encoding,
  labelColumn: option.labelColumn,
};
type InspectOptions = ValuesOf<typeof options>;

export const inspectCommand = () =>
  command({
    name: 'inspect',
    description: 'Shows what a model, an adapter or a data file holds.',
    help,
    options,
    work: async (options, context) => {
      const { data, adapter, model } = options;
      if (data !== undefined) return inspectData(data, options, context);
      if (adapter !== undefined) return inspectAdapter(adapter, model, context);
      if (model === undefined) {
        throw fault('cli/usage', {
          message: 'Nothing to inspect: give --model M, --adapter A or --data FILE',
        });
      }
      const folder = await modelFolder(model, context);
      const { inspectModel } = await import('../../engine/inspect.ts');
      return modelOutcome(await inspectModel(folder));
    },
  });

/** Without --model the base is the one that adapter_config.json names. */
async function inspectAdapter(
  given: string,
  model: string | undefined,
  context: CommandContext,
): Promise<Outcome> {
  const adapter = await adapterFolder(given);
  const { readAdapterConfig } = await import('../../engine/formats/adapter-config.ts');
  const config = await readAdapterConfig(adapter);
  const folder = await baseFolder(adapter, model, context);
  const { adapterFolderLabels } = await import('../../engine/peft/adapter-head.ts');
  const { inspectModel } = await import('../../engine/inspect.ts');
  const labels = await adapterFolderLabels(adapter, folder);
  return modelOutcome(await inspectModel(folder, config, labels, adapter), adapter);
}

function modelOutcome(report: ModelReport, adapterFolder = ''): Outcome {
  const { adapter, head, lost_layers: lost } = report;
  const problem = lost && fault('peft/lost-layers', { file: adapterFolder, model: report.folder, ...lost });
  const lines = [
    report.tree,
    '',
    `parameters: ${count(report.parameters)}`,
    ...(adapter === null ? [] : [parametersText(adapter)]),
    ...(problem ? [`adapter: ${problem.message} ${problem.remedy}`] : []),
    ...(report.labels.length === 0 ? [] : [`labels: ${report.labels.join(', ')}`]),
    ...(head.kind === 'other'
      ? [
          `head: the model is ${head.what} (${head.file}: ${head.seen}); training puts a new head in its place`,
        ]
      : []),
    ...loadingLines(report.loading),
    ...report.tokenizer_notes.map(({ message, remedy }) => `tokenizer: ${message} ${remedy}`),
  ];
  return { result: report, text: lines.join('\n') };
}

function loadingLines({ missing, unexpected, mismatched }: ModelReport['loading']): string[] {
  const resized = mismatched.map(
    ({ name, found, expected }) => `${name} ([${found.join(', ')}] instead of [${expected.join(', ')}])`,
  );
  return [
    ...(missing.length === 0 ? [] : [`not in the checkpoint, to be trained: ${missing.join(', ')}`]),
    ...(resized.length === 0
      ? []
      : [`of another shape in the checkpoint, to be trained: ${resized.join(', ')}`]),
    ...(unexpected.length === 0 ? [] : [`in the checkpoint, not used: ${unexpected.join(', ')}`]),
  ];
}

async function inspectData(file: string, options: InspectOptions, context: CommandContext): Promise<Outcome> {
  const { textColumn, labelColumn } = options;
  const { openTable } = await import('../../engine/data/table.ts');
  const table = await openTable(file, {
    header: 'detect',
    columnsNamed: [textColumn, labelColumn],
    raggedRows: 'leave_out',
    doubtfulEncoding: 'note',
    ...given({ encoding: options.encoding }),
  });
  const tokenizer = options.model === undefined ? undefined : await openTokenizer(options.model, context);
  const { foundColumns } = await import('../../engine/data/examples.ts');
  const found = await foundColumns(table, { textColumn, labelColumn });
  const report = await inspectTable(table, { ...options, ...found.options }, tokenizer, context.signal);
  report.notes.push(...found.notes);
  if (report.labels === null && !table.columns.includes(found.options.labelColumn ?? labelColumn)) {
    report.notes.push(`There is no column "${labelColumn}": --label-column names the one with the classes.`);
  }
  return { result: report, text: inspectDataText(report) };
}

async function openTokenizer(model: string, context: CommandContext): Promise<TextTokenizer> {
  const folder = await modelFolder(model, context);
  const { loadTokenizer } = await import('../../engine/tokenizer/load-tokenizer.ts');
  return loadTokenizer(folder);
}

type Lengths = Record<'least' | 'median' | 'mean' | 'most', number>;

/** What `graft inspect --data` prints; with --json as it is. */
interface DataReport {
  file: string;
  format: string;
  /** Null for a binary format. */
  encoding: string | null;
  rows: number;
  /** `filled`: rows with something in it; `distinct`: different values, null beyond `distinctLimit`. */
  columns: { name: string; filled: number; distinct: number | null }[];
  /** Null where there is no such column, or one with too many values to be classes. */
  labels: ({ column: string; counts: { label: string; rows: number }[] } & LabelReading) | null;
  /** Of the text column, in characters; null where there is no such column. */
  characters: Lengths | null;
  /** Of the text column, in tokens with the special ones, or of rows that come tokenised; null without either. */
  tokens: Lengths | null;
  notes: string[];
}

const distinctLimit = 1000;

/** Reads a table once, row by row, and says what is in it. */
async function inspectTable(
  table: Table,
  options: { textColumn: string; labelColumn: string },
  tokenizer: TextTokenizer | undefined,
  signal: AbortSignal,
): Promise<DataReport> {
  // Loaded with the readers of all formats, which other commands do without.
  const { labelReader, raggedNotes } = await import('../../engine/data/examples.ts');
  const columns = new Map(table.columns.map((name) => [name, new ColumnStats(name)]));
  const characters: number[] = [];
  const tokens: number[] = [];
  const file = basename(table.file);
  // Class numbers by the names that the file gives them.
  const labelOf = labelReader(table, options.labelColumn);
  let rows = 0;
  for await (const batch of chunks(table.rows(), rowsAtOnce)) {
    signal.throwIfAborted();
    rows += batch.length;
    const texts: { text: string }[] = [];
    for (const { row, line, values } of batch) {
      const ids = givenTokens(values, { file, row, ...(line !== undefined && { line }) });
      if (ids) tokens.push(ids.attentionMask?.filter((bit) => bit === 1).length ?? ids.inputIds.length);
      for (const [name, value] of Object.entries(values)) {
        const column = columns.get(name) ?? new ColumnStats(name);
        columns.set(name, column);
        column.see(name === options.labelColumn ? labelOf(value) : value, row);
      }
      const text = values[options.textColumn];
      if (typeof text !== 'string') continue;
      characters.push(text.length);
      if (!ids) texts.push({ text });
    }
    const encoded = (await tokenizer?.encode(texts, {})) ?? [];
    for (const { inputIds } of encoded) tokens.push(inputIds.length);
  }
  const labels = columns.get(options.labelColumn);
  return {
    file: table.file,
    format: table.format,
    encoding: table.encoding,
    rows,
    columns: Array.from(columns.values(), ({ name, filled, distinct }) => ({
      ...{ name, filled, distinct: distinct > distinctLimit ? null : distinct },
    })),
    labels: labels && labels.distinct <= distinctLimit ? labelReport(labels) : null,
    characters: lengths(characters),
    tokens: lengths(tokens),
    notes: [...table.notes, ...raggedNotes(table)],
  };
}

function labelReport(labels: ColumnStats): NonNullable<DataReport['labels']> {
  const { name: column } = labels;
  const values = labels.counts(distinctLimit);
  const rows = new Map(values.map(({ value, rows }) => [value, rows]));
  // In the order that they get ids in.
  const counts = buildLabelMap(rows.keys()).names.map((label) => ({ label, rows: rows.get(label)! }));
  return { column, counts, ...readLabelColumn(values, column) };
}

function lengths(values: number[]): Lengths | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return {
    least: sorted[0]!,
    median: sorted[sorted.length >> 1]!,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    most: sorted.at(-1)!,
  };
}

/** The report as a person reads it. */
function inspectDataText(report: DataReport): string {
  const parts = [
    `${report.file}: ${count(report.rows)} rows, ${report.columns.length} columns, ${[report.format, report.encoding].filter(Boolean).join(', ')}`,
    textTable([
      ['column', 'filled', 'different values'],
      ...report.columns.map((column) => [
        column.name,
        count(column.filled),
        column.distinct === null ? `over ${count(distinctLimit)}` : count(column.distinct),
      ]),
    ]),
  ];
  if (report.labels !== null) {
    const share = (rows: number) => `${((100 * rows) / report.rows).toFixed(1)} %`;
    const rows = report.labels.counts.map(({ label, rows }) => [label, count(rows), share(rows)]);
    parts.push(textTable([[report.labels.column, 'rows', 'share'], ...rows]));
    parts.push(...report.labels.observations.map(({ message, remedy }) => `${message} ${remedy}`));
    if (Object.keys(report.labels.proposed).length > 0) {
      parts.push(`With --label-map proposed, train and eval read ${mapText(report.labels.proposed)}.`);
    }
  }
  const measured = (['characters', 'tokens'] as const).flatMap((unit) => {
    const found = report[unit];
    return found === null
      ? []
      : [[unit, count(found.least), count(found.median), count(found.mean), count(found.most)]];
  });
  if (measured.length > 0)
    parts.push(textTable([['length in', 'least', 'median', 'mean', 'most'], ...measured]));
  return [...parts, ...report.notes].join('\n\n');
}
