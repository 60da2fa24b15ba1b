import type { CommandContext, Outcome } from './command.ts';
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
  return { result: report, text: `Written: ${options.output}` };
}
