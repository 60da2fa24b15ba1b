import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  baselinesSchema,
  timingSchema,
  type ExperimentSpec,
  type Timing,
} from '../../../shared/contract/experiments.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord } from '../datasets/library.ts';
import { configOfSpec } from '../experiments/create.ts';
import { runEngineJob } from '../experiments/engine-run.ts';
import { ExperimentWork } from '../experiments/work.ts';
import { keepBaselines, keptBaselines } from './baselines.ts';
import { requireModel } from './lookup.ts';

const timedSchema = timingSchema.omit({ baselines: true });
type Timed = z.infer<typeof timedSchema>;

/** Timings kept while the app runs; they hold for this machine as it is now. */
const mostKept = 30;
/** How often it is looked whether a training wants the device. */
const lookMs = 500;

/**
 * The part of a pre-flight that runs the model. It gives way: a training that has the device or gets it refuses or ends
 * it, and a newer question ends an older one. What is kept is answered at any time.
 */
export class Timings {
  private readonly context: BackendContext;
  private readonly work = new ExperimentWork();
  private readonly kept = new Map<string, Timed>();
  private running: { key: string; abort: AbortController; timing: Promise<Timing> } | undefined;

  constructor(context: BackendContext) {
    this.context = context;
  }

  /** Throws `preflight/…`, `settings/…`, `datasets/…` and the engine's faults. */
  async time(spec: ExperimentSpec): Promise<Timing> {
    const { name: _, tags: __, ...decisive } = spec;
    const key = JSON.stringify(decisive);
    const timed = this.kept.get(key);
    const baselines = keptBaselines(this.context, spec);
    if (timed && baselines) return { ...timed, baselines };
    if (this.running?.key === key) return this.running.timing;
    this.requireFreeDevice();
    this.running?.abort.abort(fault('preflight/another-asked', {}));
    const abort = new AbortController();
    const timing = this.measure(spec, key, abort);
    const running = { key, abort, timing };
    this.running = running;
    const done = (): void => {
      if (this.running === running) this.running = undefined;
    };
    timing.then(done, done);
    return timing;
  }

  async close(): Promise<void> {
    this.running?.abort.abort(fault('preflight/another-asked', {}));
    await this.running?.timing.catch(() => undefined);
    await this.work.close();
  }

  private async measure(spec: ExperimentSpec, key: string, abort: AbortController): Promise<Timing> {
    const { context } = this;
    const { signal } = abort;
    const watch = setInterval(() => {
      try {
        this.requireFreeDevice();
      } catch (error) {
        abort.abort(error);
      }
    }, lookMs);
    const folder = await mkdtemp(join(context.workspace.temporary, 'timing-'));
    try {
      const input = { config: await this.prepare(spec, folder), baseDir: folder };
      const ask = (job: string): Promise<unknown> => runEngineJob({ host: context.host, job, input, signal });
      const timed = this.kept.get(key) ?? timedSchema.parse(await ask('time'));
      this.keep(key, timed);
      let baselines = keptBaselines(context, spec);
      if (!baselines) {
        baselines = baselinesSchema.parse(await ask('baselines'));
        keepBaselines(context, spec, baselines);
      }
      return { ...timed, baselines };
    } finally {
      clearInterval(watch);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Writes the rows that the run would have; gives its config. */
  private async prepare(spec: ExperimentSpec, folder: string): Promise<Record<string, unknown>> {
    const { context, work } = this;
    const model = requireModel(context, spec.modelId);
    configOfSpec(spec, model.folder, false);
    const version = versionRecord(context, spec.versionId);
    const { data } = spec;
    const { pairs } = await work.ask('rows', {
      file: version.file,
      dataName: version.name,
      folder,
      train: { split: data.trainSplit, select: data.trainSelect },
      eval: data.evalSplit === null ? null : { split: data.evalSplit, select: data.evalSelect },
    });
    return { ...configOfSpec(spec, model.folder, pairs).config };
  }

  private keep(key: string, timed: Timed): void {
    this.kept.set(key, timed);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostKept) this.kept.delete(oldest!);
  }

  /** Throws `preflight/device-busy` while an experiment runs. */
  private requireFreeDevice(): void {
    const name = z
      .string()
      .optional()
      .parse(
        this.context.db
          .prepare("SELECT name FROM experiments WHERE state IN ('starting', 'running') LIMIT 1")
          .pluck()
          .get(),
      );
    if (name !== undefined) throw fault('preflight/device-busy', { name });
  }
}
