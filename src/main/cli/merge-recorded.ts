import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../shared/faults/index.ts';
import { recordExport } from '../backend/exports/record.ts';
import { exportTargets } from '../engine/export/export-targets.ts';
import type { MergeOptions, MergeReport } from '../engine/export/merge.ts';
import type { CommandContext } from './command.ts';

/** The sentence for what a workspace cannot list. */
export const notRecorded = (workspace: string): string =>
  `${workspace} does not know what this was made of, so it is not in its list. Import the adapter there first.`;

/**
 * Merges as an export of the Hugging Face folder, with the proof that the window shows, and records it in a workspace.
 * Throws what keeps it from being written, and `export/differs` where its proof falls short.
 */
export async function mergeRecorded(
  options: MergeOptions & { modelName: string },
  workspace: string,
  context: CommandContext,
): Promise<MergeReport> {
  const { model, adapter, output, overwrite, verify, modelName } = options;
  const name = path.basename(path.resolve(output));
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
  if ((await recordExport(workspace, { adapter, name, folder: output, reports })) === null)
    context.say(notRecorded(workspace));
  const { rows, largest_difference, same_answers, passed } = verification!.outcome;
  if (!passed) throw fault('export/differs', { output, difference: largest_difference, limit: 1e-4 });
  const names = (await readdir(output)).sort();
  const files = names.map(async (file) => ({
    name: file,
    bytes: (await stat(path.join(output, file))).size,
  }));
  return {
    output,
    files: await Promise.all(files),
    comparison: { rows, largest_difference, same_answers },
  };
}
