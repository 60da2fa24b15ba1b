import type { MergeOptions, MergeReport } from '../engine/export/merge.ts';
import type { CommandContext, Outcome } from './command.ts';
import { count, megabytes, scientific, table } from './format.ts';
import { adapterFolder, modelFolder, nameOfModel } from './io/model-folder.ts';

interface Given {
  model: string;
  adapter?: string | undefined;
  output: string;
  overwrite: boolean;
  verify?: string | undefined;
  /** Records it there, with a proof. */
  workspace?: string | undefined;
}

/** Merges (or, without an adapter, copies) into a folder for transformers, and says how it was proven. */
export async function runMerge(options: Given, context: CommandContext): Promise<Outcome> {
  const model = await modelFolder(options.model, context);
  const adapter = options.adapter === undefined ? undefined : await adapterFolder(options.adapter);
  const { output, overwrite, verify, workspace } = options;
  const merge = {
    ...{ model, output, overwrite },
    ...(adapter !== undefined && { adapter }),
    ...(verify !== undefined && { verify }),
  };
  const report = await merged(merge, nameOfModel(options.model, model), workspace, context);
  const { rows, largest_difference: difference, same_answers: same } = report.comparison;
  const files = report.files.map(({ name, bytes }) => [name, megabytes(bytes)]);
  const text = [
    `Written to ${report.output}:`,
    table([['file', 'size'], ...files]),
    `Read back and compared on ${count(rows)} texts: largest difference of a logit ${scientific(difference)}, ` +
      `same answers ${count(same)} of ${count(rows)}.`,
  ];
  return { result: report, text: text.join('\n') };
}

async function merged(
  options: MergeOptions,
  modelName: string,
  workspace: string | undefined,
  context: CommandContext,
): Promise<MergeReport> {
  if (workspace === undefined) {
    const { mergeAdapter } = await import('../engine/export/merge.ts');
    return mergeAdapter(options, context);
  }
  const { mergeRecorded } = await import('./merge-recorded.ts');
  return mergeRecorded({ ...options, modelName }, workspace, context);
}
