import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { fault } from '../../../shared/faults/index.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord } from '../datasets/library.ts';
import { configOfSpec } from '../experiments/create.ts';
import { versionRows } from '../experiments/results.ts';
import { runEngineJob } from '../jobs/engine-run.ts';
import { writeRows } from '../experiments/tasks.ts';
import { requireModel } from '../models/presence.ts';

/** How often it is looked whether a training wants the device. */
const lookMs = 500;

/** Asks a job of the engine about the rows that a run would have; gives its output. */
export type Ask = (job: 'time' | 'baselines' | 'cross-predict') => Promise<unknown>;

/**
 * Gives `work` an engine that a training takes away: it is refused or ended with `preflight/device-busy` then. Throws
 * `preflight/…`, `settings/…`, `datasets/…`, the engine's faults and the reason of `abort`.
 */
export async function withFreeDevice<Result>(
  context: BackendContext,
  spec: ExperimentSpec,
  abort: AbortController,
  /** `rowsOf` gives the rows of the version that the training rows are. */
  work: (ask: Ask, rowsOf: () => Promise<number[]>) => Promise<Result>,
): Promise<Result> {
  const { signal } = abort;
  const giveWay = (): void => {
    try {
      requireFreeDevice(context);
    } catch (error) {
      abort.abort(error);
    }
  };
  giveWay();
  signal.throwIfAborted();
  const folder = await mkdtemp(join(context.workspace.temporary, 'timing-'));
  const watch = setInterval(giveWay, lookMs);
  try {
    const input = { config: await runConfig(context, spec, folder), baseDir: folder };
    return await work(
      (job) => runEngineJob({ host: context.host, job, input, signal }),
      () => versionRows(folder, input.config),
    );
  } finally {
    clearInterval(watch);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the rows that the run would have; gives its config. */
async function runConfig(
  context: BackendContext,
  spec: ExperimentSpec,
  folder: string,
): Promise<Record<string, unknown>> {
  const model = requireModel(context, spec.modelId);
  configOfSpec(context, spec, model.folder, false);
  const version = versionRecord(context, spec.versionId);
  const { data } = spec;
  const { pairs } = await writeRows({
    file: version.file,
    dataName: version.name,
    folder,
    train: { split: data.trainSplit, select: data.trainSelect },
    eval: data.evalSplit === null ? null : { split: data.evalSplit, select: data.evalSelect },
  });
  return { ...configOfSpec(context, spec, model.folder, pairs).config };
}

/** Throws `preflight/device-busy` while an experiment runs. */
export function requireFreeDevice({ db }: BackendContext): void {
  const store = new ExperimentStore(db);
  const [running] = store.running();
  if (running !== undefined) throw fault('preflight/device-busy', { name: store.line(running).name });
}
