import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import type { TrainConfig } from '../../shared/settings/train-config.ts';
import { methodLabel } from '../../shared/methods/index.ts';
import { trainResultSchema } from '../backend/experiments/job-events.ts';
import { Recorder } from '../backend/experiments/recorder.ts';
import { faultValue } from '../backend/jobs/jobs.ts';
import type { JobContext, JobEvent, TrainOptions, TrainResult } from '../engine/jobs.ts';
import { usesGpu } from '../engine/runtime/tensorflow.ts';
import { openDatabase, type Db } from '../storage/database.ts';
import { ExperimentStore } from '../storage/experiments.ts';
import { ModelStore } from '../storage/models.ts';
import { openWorkspace } from '../storage/workspace.ts';

export interface WorkspaceRun {
  /** The workspace; null: the run is kept in its folder alone. */
  workspace: string | null;
  /** What lists call it. */
  name: string;
  options: TrainOptions;
}

/**
 * Trains in this process and records the run in a workspace, where the window shows it, live if it is open. It is
 * recorded from the moment that it is known to start. Throws what `train` throws, and `store/…`.
 */
export async function trainInWorkspace(run: WorkspaceRun, context: JobContext): Promise<TrainResult> {
  const { train } = await import('../engine/training/train.ts');
  if (run.workspace === null) return train(run.options, context);
  const db = openDatabase(openWorkspace(run.workspace).database);
  const recording = new Recording(db, run);
  const onEvent = (event: JobEvent): void => {
    context.onEvent(event);
    recording.onEvent(event);
  };
  try {
    const result = await train(run.options, { ...context, onEvent });
    await recording.end(result);
    return result;
  } catch (error) {
    await recording.fail(error);
    throw error;
  } finally {
    db.close();
  }
}

/** Events come while training goes on; those that come before the recorder is there wait for it. */
class Recording {
  private readonly db: Db;
  private readonly run: WorkspaceRun;
  private beginning: Promise<Recorder> | undefined;
  private recorder: Recorder | undefined;
  private waiting: JobEvent[] = [];

  constructor(db: Db, run: WorkspaceRun) {
    this.db = db;
    this.run = run;
  }

  onEvent(event: JobEvent): void {
    if (this.recorder) this.take(this.recorder, event);
    else this.waiting.push(event);
    if (event.type !== 'started') return;
    this.beginning ??= this.begin();
    // Whoever ends the recording hears of a failure.
    this.beginning.catch(() => undefined);
  }

  async end(result: TrainResult): Promise<void> {
    const recorder = await this.beginning;
    const state = result.status === 'finished' ? 'finished' : 'paused';
    await recorder?.end(state, trainResultSchema.parse(result), null);
  }

  async fail(error: unknown): Promise<void> {
    const recorder = await this.beginning;
    await recorder?.end('failed', null, faultValue(this.run.name, error));
  }

  private async begin(): Promise<Recorder> {
    const id = experimentFor(new ExperimentStore(this.db), this.run);
    const recorder = await Recorder.begin({ db: this.db, id, runner: 'cli', pid: process.pid });
    recorder.ready(usesGpu() ? 'GPU' : `CPU · ${os.availableParallelism()} cores`, process.pid);
    for (const event of this.waiting.splice(0)) this.take(recorder, event);
    this.recorder = recorder;
    return recorder;
  }

  private take(recorder: Recorder, event: JobEvent): void {
    recorder.onEvent(event);
    recorder.memory(Math.round(process.resourceUsage().maxRSS / 1024));
  }
}

/** The experiment of a folder when its run goes on; else a new one, since the files of an earlier one are gone. */
function experimentFor(store: ExperimentStore, { name, options }: WorkspaceRun): string {
  const { config, baseDir, outputDir, resume } = options;
  const known = resume ? store.inFolder(outputDir) : undefined;
  if (known !== undefined) {
    store.update(known, { runner_pid: process.pid, details: { runner: 'cli' } });
    return known;
  }
  store.forget(outputDir);
  const id = randomUUID();
  store.insert({
    id,
    name,
    state: 'starting',
    ...modelOf(store.db, config, baseDir),
    versionId: null,
    dataName: path.basename(config.data.train),
    method: config.adapter.peft_type,
    seed: config.training.seed,
    precision: config.training.precision,
    spec: null,
    config: { ...config },
    folder: outputDir,
    details: { runner: 'cli', baseDir },
    tags: [],
    runnerPid: process.pid,
  });
  return id;
}

/** The library's model, where the config means one that is in it. */
function modelOf(
  db: Db,
  { model }: TrainConfig,
  baseDir: string,
): { modelId: string | null; modelName: string } {
  const named = path.resolve(baseDir, model);
  const found = new ModelStore(db).list().find(({ folder, hubId }) => folder === named || hubId === model);
  return found
    ? { modelId: found.id, modelName: found.name }
    : { modelId: null, modelName: path.isAbsolute(model) ? path.basename(model) : model };
}

/** "run, LoRA r=16": a run is called after its config file. */
export const runName = (configFile: string, { adapter }: TrainConfig): string =>
  `${path.basename(configFile, path.extname(configFile))}, ${methodLabel(adapter)}`;
