import { Command, Option } from 'commander';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import type { ModelReport } from '../../engine/inspect.ts';
import { setWork, type CommandContext, type Outcome, type Work } from '../command.ts';
import { count } from '../format.ts';
import { inspectDataText, inspectTable } from '../inspect-data.ts';
import { adapterFolder, baseFolder, modelFolder } from '../io/model-folder.ts';
import { dataFormats, optionValue, option } from '../options.ts';

const help = `
--model prints the module tree, parameters and labels; with --adapter the modules that the adapter touches are marked;
--data prints columns, labels and lengths of a file, with --model in tokens too.

Examples:
  graft inspect --model org/name
  graft inspect --adapter out
  graft inspect --data train.csv --label-column stars --model org/name`;

const values = z.object({
  model: z.string().optional(),
  adapter: optionValue.adapter,
  data: z.string().optional(),
  textColumn: optionValue.textColumn,
  encoding: optionValue.encoding,
  labelColumn: optionValue.labelColumn,
});
type Options = z.infer<typeof values>;

const work: Work = async (given, context) => {
  const options = values.parse(given);
  if (options.data !== undefined) return inspectData(options.data, options, context);
  if (options.adapter !== undefined) return inspectAdapter(options.adapter, options.model, context);
  if (options.model === undefined) {
    throw fault('cli/usage', { message: 'Nothing to inspect: give --model M, --adapter A or --data FILE' });
  }
  const folder = await modelFolder(options.model, context);
  const { inspectModel } = await import('../../engine/inspect.ts');
  return modelOutcome(await inspectModel(folder));
};

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
  return modelOutcome(await inspectModel(folder, config, await adapterFolderLabels(adapter, folder)));
}

function modelOutcome(report: ModelReport): Outcome {
  const { adapter, head } = report;
  const lines = [
    report.tree,
    '',
    `parameters: ${count(report.parameters)}`,
    ...(adapter === null
      ? []
      : [
          `trainable params: ${count(adapter.trainable)} || all params: ${count(adapter.all)} || ` +
            `trainable%: ${adapter.trainable_percent.toFixed(4)}`,
        ]),
    ...(report.labels.length === 0 ? [] : [`labels: ${report.labels.join(', ')}`]),
    ...(head.kind === 'other'
      ? [
          `head: the model is ${head.what} (${head.file}: ${head.seen}); training puts a new head in its place`,
        ]
      : []),
    ...(report.newly_initialized.length === 0
      ? []
      : [`not in the checkpoint, to be trained: ${report.newly_initialized.join(', ')}`]),
    ...(report.unused.length === 0 ? [] : [`in the checkpoint, not used: ${report.unused.join(', ')}`]),
    ...report.tokenizer_notes.map(({ message, remedy }) => `tokenizer: ${message} ${remedy}`),
  ];
  return { result: report, text: lines.join('\n') };
}

async function inspectData(file: string, options: Options, context: CommandContext): Promise<Outcome> {
  const { openTable } = await import('../../engine/data/table.ts');
  const { encoding, ...columns } = options;
  const table = await openTable(file, {
    header: 'detect',
    columnsNamed: [options.textColumn, options.labelColumn],
    raggedRows: 'leave_out',
    doubtfulEncoding: 'note',
    ...(encoding !== undefined && { encoding }),
  });
  const tokenizer = options.model === undefined ? undefined : await openTokenizer(options.model, context);
  const { foundColumns } = await import('../../engine/data/examples.ts');
  const found = await foundColumns(table, columns);
  const report = await inspectTable(table, {
    ...options,
    ...found.options,
    tokenizer,
    signal: context.signal,
  });
  report.notes.push(...found.notes);
  if (report.labels === null && !table.columns.includes(found.options.labelColumn ?? options.labelColumn)) {
    report.notes.push(
      `There is no column "${options.labelColumn}": --label-column names the one with the classes.`,
    );
  }
  return { result: report, text: inspectDataText(report) };
}

async function openTokenizer(model: string, context: CommandContext) {
  const folder = await modelFolder(model, context);
  const { loadTokenizer } = await import('../../engine/tokenizer/load-tokenizer.ts');
  return loadTokenizer(folder);
}

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('Shows what a model, an adapter or a data file holds.')
    .addOption(new Option('--model <M>', 'the model: a folder or a hub id'))
    .addOption(option.adapter())
    .addOption(new Option('--data <FILE>', `a data file: ${dataFormats}`))
    .addOption(option.textColumn())
    .addOption(option.encoding())
    .addOption(option.labelColumn())
    .addHelpText('after', help);
  return setWork(command, work);
}
