import { Command, Option } from 'commander';
import { z } from 'zod';
import { taskOf } from '../../../shared/tasks/index.ts';
import { setWork, type Work } from '../command.ts';
import { count, duration } from '../format.ts';
import { adapterFolder, modelFolder } from '../io/model-folder.ts';
import { metricsText } from '../metrics-text.ts';
import { readLabelMap } from '../io/label-map.ts';
import { dataFormats, option, optionValue } from '../options.ts';

const help = `
Examples:
  graft eval --model org/name --adapter out --data test.csv --label-column stars
  graft eval --model merged --data test.jsonl --json`;

const values = z.object({
  model: optionValue.model,
  adapter: optionValue.adapter,
  data: z.string(),
  textColumn: optionValue.textColumn,
  encoding: optionValue.encoding,
  textPairColumn: optionValue.textPairColumn,
  labelColumn: optionValue.labelColumn,
  textColumns: optionValue.textColumns,
  labelMap: optionValue.labelMap,
  emptyLabels: optionValue.emptyLabels,
  raggedRows: optionValue.raggedRows,
  maxLength: optionValue.maxLength,
  batchSize: optionValue.batchSize,
  precision: optionValue.precision,
});

const work: Work = async (given, context) => {
  const { adapter, batchSize, maxLength, textPairColumn, textColumns, labelMap, encoding, ...options } =
    values.parse(given);
  const model = await modelFolder(options.model, context);
  const { textColumn, labelColumn, emptyLabels, raggedRows } = options;
  const rows = {
    textColumn,
    labelColumn,
    emptyLabels,
    raggedRows,
    ...(textColumns !== undefined && { textColumns }),
    ...(encoding !== undefined && { encoding }),
    ...(textPairColumn !== undefined && { textPairColumn }),
  };
  const map =
    labelMap === undefined
      ? {}
      : await readLabelMap(labelMap, { files: [options.data], options: rows, say: context.say });
  const { evaluate } = await import('../../engine/evaluate.ts');
  const { task, ...evaluation } = await evaluate(
    {
      model,
      data: options.data,
      precision: options.precision,
      rows: { ...rows, labelMap: map },
      ...(adapter !== undefined && { adapter: await adapterFolder(adapter) }),
      ...(maxLength !== undefined && { maxLength }),
      ...(batchSize !== undefined && { batchSize }),
    },
    context,
  );
  const { metrics, truncated, seconds } = evaluation;
  const cut = truncated === 0 ? '' : `, ${count(truncated)} texts cut to the length limit`;
  const head = `${count(evaluation.rows)} rows of ${options.data} in ${duration(seconds)}${cut}`;
  return { result: evaluation, text: `${head}\n\n${metricsText(taskOf(task), metrics)}` };
};

export function evalCommand(): Command {
  const command = new Command('eval')
    .description('Scores a model, or a model and an adapter on it, on labelled rows.')
    .addOption(option.model())
    .addOption(option.adapter())
    .addOption(new Option('--data <FILE>', `the labelled rows: ${dataFormats}`).makeOptionMandatory())
    .addOption(option.textColumn())
    .addOption(option.encoding())
    .addOption(option.textPairColumn())
    .addOption(option.labelColumn())
    .addOption(option.textColumns())
    .addOption(option.labelMap())
    .addOption(option.emptyLabels())
    .addOption(option.raggedRows())
    .addOption(option.maxLength())
    .addOption(option.batchSize())
    .addOption(option.precision())
    .addHelpText('after', help);
  return setWork(command, work);
}
