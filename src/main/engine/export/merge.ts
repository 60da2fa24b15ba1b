import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { refuseFilled } from '../formats/atomic.ts';
import type { JobContext } from '../jobs.ts';
import { exportTargets, type TargetReport } from './export-targets.ts';
import { tolerances } from './targets.ts';
import { VERIFICATION_FILE, type VerificationOutcome } from './verification.ts';

export interface MergeOptions {
  /** Folders. */
  model: string;
  adapter?: string;
  output: string;
  overwrite: boolean;
  /** A file of texts to compare on, beside a few sentences of ours. */
  verify?: string;
  /** What others call the base. */
  modelName?: string;
}

export interface MergeReport {
  output: string;
  files: { name: string; bytes: number }[];
  /** Model and adapter against the merged folder, read back from disk. */
  comparison: Pick<VerificationOutcome, 'rows' | 'largest_difference' | 'same_answers'>;
}

/**
 * `merge_and_unload()` and `save_pretrained()`: an export of the Hugging Face folder, in full precision and with its
 * proof. `onReport` is told of it, passed or not. Throws what keeps it from being written, `export/differs` where its
 * proof falls short (it then lies in `<output>-failed`), and the reason of a stop.
 */
export async function mergeAdapter(
  { output, verify, modelName, ...options }: MergeOptions,
  context: JobContext,
  onReport: (report: TargetReport) => Promise<void> = () => Promise.resolve(),
): Promise<MergeReport> {
  // Before the model is asked, which takes seconds.
  if (!options.overwrite) await refuseFilled(output);
  const reports = await exportTargets(
    {
      ...options,
      targets: [{ target: 'hf', folder: output }],
      precision: 'fp32',
      pooling: null,
      mostPointsLost: 1,
      rows: verify === undefined ? null : { file: verify },
      card: {
        name: path.basename(path.resolve(output)),
        modelName: modelName ?? options.model,
        dataName: null,
        settings: null,
      },
    },
    context,
  );
  context.signal.throwIfAborted();
  const [report] = reports as [TargetReport];
  if (report.fault?.code === 'export/exists') throw fault('files/output-exists', { dir: output });
  if (report.fault) throw report.fault;
  await onReport(report);
  const { outcome, files } = report.verification!;
  const { rows, largest_difference, same_answers, passed } = outcome;
  if (!passed)
    throw fault('export/differs', { output, difference: largest_difference, limit: tolerances.fp32! });
  const proof = await stat(path.join(output, VERIFICATION_FILE));
  return {
    output,
    files: [
      ...files.map(({ path: name, bytes }) => ({ name, bytes })),
      { name: VERIFICATION_FILE, bytes: proof.size },
    ].sort((a, b) => (a.name < b.name ? -1 : 1)),
    comparison: { rows, largest_difference, same_answers },
  };
}
