import { taskOf } from '../../../shared/tasks/index.ts';
import { command } from '../command.ts';
import { count, duration } from '../format.ts';
import { readLabelMap } from '../config-file.ts';
import { givenFolders } from '../io/model-folder.ts';
import { metricsText } from '../metrics-text.ts';
import { given } from '../../../shared/fields.ts';
import { dataFormats, option, required, speedOptions, textOptions } from '../options.ts';

const help = `
Examples:
  graft eval --model org/name --adapter out --data test.csv --label-column stars
  graft eval --model merged --data test.jsonl --json`;

export const evalCommand = () =>
  command({
    name: 'eval',
    description: 'Scores a model, or a model and an adapter on it, on labelled rows.',
    help,
    options: {
      model: option.model,
      adapter: option.adapter,
      data: required('--data <FILE>', `the labelled rows: ${dataFormats}`),
      ...textOptions,
      labelColumn: option.labelColumn,
      textColumns: option.textColumns,
      labelMap: option.labelMap,
      emptyLabels: option.emptyLabels,
      raggedRows: option.raggedRows,
      ...speedOptions,
    },
    work: async (options, context) => {
      const { model, adapter, data, labelMap, precision, maxLength, batchSize, labelColumn, ...columns } =
        options;
      const folders = await givenFolders({ model, adapter }, context);
      const rows = { labelColumn, ...given(columns) };
      const map =
        labelMap === undefined
          ? {}
          : await readLabelMap(labelMap, { files: [data], options: rows, say: context.say });
      const { evaluate } = await import('../../engine/evaluate.ts');
      const { task, ...evaluation } = await evaluate(
        { ...folders, data, precision, rows: { ...rows, labelMap: map }, ...given({ maxLength, batchSize }) },
        context,
      );
      const { metrics, truncated, seconds } = evaluation;
      const cut = truncated === 0 ? '' : `, ${count(truncated)} texts cut to the length limit`;
      const head = `${count(evaluation.rows)} rows of ${data} in ${duration(seconds)}${cut}`;
      return { result: evaluation, text: `${head}\n\n${metricsText(taskOf(task), metrics)}` };
    },
  });
