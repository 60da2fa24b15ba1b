import path from 'node:path';
import { command } from '../command.ts';
import { count, filesText, scientific } from '../format.ts';
import { givenFolders, nameOfModel } from '../io/model-folder.ts';
import { given } from '../../../shared/fields.ts';
import { option } from '../options.ts';
import { recordIn } from './export.ts';

const help = `
Adds the adapter to the model's original, full-precision weights and writes a folder that transformers loads with
from_pretrained. The folder is read back and must answer as model and adapter do.

Example:
  graft merge --model org/name --adapter out --output merged`;

export const mergeCommand = () =>
  command({
    name: 'merge',
    description: 'Makes one model out of a model and an adapter.',
    help,
    options: {
      model: option.model,
      adapter: option.requiredAdapter,
      output: option.requiredOutputDir,
      overwrite: option.overwrite,
      verify: option.verify,
    },
    work: async (options, context) => {
      const folders = await givenFolders(options, context);
      const { output, overwrite, verify } = options;
      const { mergeAdapter } = await import('../../engine/export/merge.ts');
      const modelName = nameOfModel(options.model, folders.model);
      const report = await mergeAdapter(
        { ...folders, modelName, output, overwrite, ...given({ verify }) },
        context,
        (made) =>
          recordIn(
            context.workspace,
            {
              adapter: folders.adapter,
              name: path.basename(path.resolve(output)),
              folder: output,
              reports: [made],
            },
            context.say,
          ),
      );
      const { rows, largest_difference: difference, same_answers: same } = report.comparison;
      const text = [
        filesText(
          report.output,
          report.files.map(({ name, bytes }) => [name, bytes]),
        ),
        `Read back and compared on ${count(rows)} texts: largest difference of a logit ${scientific(difference)}, ` +
          `same answers ${count(same)} of ${count(rows)}.`,
      ];
      return { result: report, text: text.join('\n') };
    },
  });
