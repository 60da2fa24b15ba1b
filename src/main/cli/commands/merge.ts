import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import type { MergeOptions, MergeReport } from '../../engine/export/merge.ts';
import { command, type CommandContext } from '../command.ts';
import { count, filesText, scientific } from '../format.ts';
import { givenFolders, nameOfModel } from '../io/model-folder.ts';
import { given, option } from '../options.ts';
import { recordIn } from './export.ts';

const help = `
Adds the adapter to the model's original, full-precision weights and writes a folder that transformers loads with
from_pretrained. The folder is read back and must answer as model and adapter do.

Example:
  graft merge --model org/name --adapter out --output merged`;

/**
 * Merges as an export of the Hugging Face folder, with the proof that the window shows, and records it in a workspace.
 * Throws what keeps it from being written, and `export/differs` where its proof falls short.
 */
async function mergeRecorded(
  options: MergeOptions,
  modelName: string,
  context: CommandContext,
): Promise<MergeReport> {
  const { model, adapter, output, overwrite, verify } = options;
  const name = path.basename(path.resolve(output));
  const { exportTargets } = await import('../../engine/export/export-targets.ts');
  const reports = await exportTargets(
    {
      model,
      adapter,
      targets: [{ target: 'hf', folder: output }],
      overwrite,
      precision: 'fp32',
      pooling: null,
      mostPointsLost: 1,
      rows: verify === undefined ? null : { file: verify },
      facts: { name, modelName, dataName: null, settings: null },
    },
    context,
  );
  context.signal.throwIfAborted();
  const [{ fault: refusal, verification }] = reports as [(typeof reports)[number]];
  if (refusal) throw refusal;
  await recordIn(context.workspace, { adapter, name, folder: output, reports }, context.say);
  const { rows, largest_difference, same_answers, passed } = verification!.outcome;
  if (!passed) throw fault('export/differs', { output, difference: largest_difference, limit: 1e-4 });
  const files = (await readdir(output)).sort().map(async (file) => ({
    name: file,
    bytes: (await stat(path.join(output, file))).size,
  }));
  return {
    output,
    files: await Promise.all(files),
    comparison: { rows, largest_difference, same_answers },
  };
}

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
      const merge = { ...folders, output, overwrite, ...given({ verify }) };
      const { mergeAdapter } = await import('../../engine/export/merge.ts');
      const report =
        context.workspace === undefined
          ? await mergeAdapter(merge, context)
          : await mergeRecorded(merge, nameOfModel(options.model, folders.model), context);
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
