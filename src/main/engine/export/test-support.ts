import { openTrainedModel } from './trained-model.ts';
import { writeTarget } from './write-target.ts';
import path from 'node:path';
import { golden, temporaryFolder } from '../formats/test-support.ts';
import type { JobContext } from '../jobs.ts';
import { exportTargets, type TargetReport } from './export-targets.ts';
import type { ExportOptions } from './reference.ts';
import type { TargetKey } from './targets.ts';

export const goldenModel = path.join(golden, 'seed1/models/bert');
export const goldenAdapter = path.join(golden, 'seed1/adapters/lora-qv');
export const quiet: JobContext = { signal: new AbortController().signal, onEvent: () => undefined };

type Options = Omit<ExportOptions, 'targets'>;

/** The golden adapter on the golden model, with everything at its default. */
const goldenOptions: Options = {
  model: goldenModel,
  adapter: goldenAdapter,
  overwrite: false,
  precision: 'fp32',
  pooling: null,
  mostPointsLost: 1,
  rows: null,
  card: { name: 'An export', modelName: 'org/bert', dataName: null, settings: null },
};

/** Exports to a folder a target, in `output` or in a folder that goes with the test. */
export async function exported(
  targets: readonly TargetKey[],
  change: Partial<Options> & { output?: string } = {},
  context: JobContext = quiet,
): Promise<{ output: string; reports: TargetReport[] }> {
  const { output = await temporaryFolder(), ...options } = change;
  const placed = targets.map((target) => ({ target, folder: path.join(output, target) }));
  const reports = await exportTargets({ ...goldenOptions, ...options, targets: placed }, context);
  return { output, reports };
}

/** Writes merged weights in this process, without a proof, into an empty folder. */
export const writeMerged = (adapter: string, folder: string, model = goldenModel): Promise<void> =>
  written('hf', folder, { model, adapter });

/** Writes a target in this process, without a proof, into an empty folder. */
export async function written(
  target: TargetKey,
  folder: string,
  of: { model: string; adapter?: string },
): Promise<void> {
  const trained = await openTrainedModel(of);
  try {
    await writeTarget(target, folder, trained, {
      ...{ precision: 'fp32', scales: 'per-channel', modelName: 'base' },
      ...{ signal: new AbortController().signal, onShare: () => undefined },
    });
  } finally {
    await trained.close();
  }
}
