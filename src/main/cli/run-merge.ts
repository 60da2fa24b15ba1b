import type { CommandContext, Outcome } from './command.ts';
import { count, megabytes, scientific, table } from './format.ts';
import { adapterFolder, modelFolder } from './io/model-folder.ts';

interface MergeOptions {
  model: string;
  adapter?: string | undefined;
  output: string;
  overwrite: boolean;
  verify?: string | undefined;
}

/** Merges (or, without an adapter, copies) into a folder for transformers, and says how it was proven. */
export async function runMerge(options: MergeOptions, context: CommandContext): Promise<Outcome> {
  const model = await modelFolder(options.model, context);
  const adapter = options.adapter === undefined ? undefined : await adapterFolder(options.adapter);
  const { mergeAdapter } = await import('../engine/export/merge.ts');
  const report = await mergeAdapter(
    {
      model,
      ...(adapter !== undefined && { adapter }),
      output: options.output,
      overwrite: options.overwrite,
      ...(options.verify !== undefined && { verify: options.verify }),
    },
    context,
  );
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
