import { Command, Option } from 'commander';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { setWork, type Work } from '../command.ts';
import { inspectDataText, inspectTable } from '../inspect-data.ts';
import { adapterFolder, modelFolder } from '../io/model-folder.ts';
import { optionValue, option } from '../options.ts';

const help = `
--model prints the module tree, parameters and labels; with --adapter the layers that the adapter touches are marked;
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
  labelColumn: optionValue.labelColumn,
});

const work: Work = async (given, context) => {
  const options = values.parse(given);
  if (options.data !== undefined) return inspectData(options.data, options, context);
  const adapter = options.adapter === undefined ? undefined : await adapterFolder(options.adapter);
  const adapterConfig = adapter === undefined ? undefined : await readAdapter(adapter);
  const model = options.model ?? adapterConfig?.base_model_name_or_path;
  if (model == null) {
    throw fault('cli/usage', { message: 'Nothing to inspect: give --model M, --adapter A or --data FILE' });
  }
  const { inspectModel } = await import('../../engine/inspect.ts');
  const report = await inspectModel(await modelFolder(model, context), adapterConfig);
  return { result: report, text: report.tree };
};

async function readAdapter(folder: string) {
  const { readAdapterConfig } = await import('../../engine/formats/adapter-config.ts');
  return readAdapterConfig(folder);
}

const inspectData = async (
  file: string,
  options: z.infer<typeof values>,
  context: Parameters<Work>[1],
): ReturnType<Work> => {
  let tokenizer;
  if (options.model !== undefined) {
    const folder = await modelFolder(options.model, context);
    const { loadTokenizer } = await import('../../engine/tokenizer/load-tokenizer.ts');
    tokenizer = await loadTokenizer(folder);
  }
  const { openTable } = await import('../../engine/data/table.ts');
  const report = await inspectTable(await openTable(file), { ...options, tokenizer, signal: context.signal });
  return { result: report, text: inspectDataText(report) };
};

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('Shows what a model, an adapter or a data file holds.')
    .addOption(new Option('--model <M>', 'the model: a folder or a hub id'))
    .addOption(option.adapter())
    .addOption(new Option('--data <FILE>', 'a data file: .csv, .tsv, .jsonl, .txt, .parquet'))
    .addOption(option.textColumn())
    .addOption(option.labelColumn())
    .addHelpText('after', help);
  return setWork(command, work);
}
