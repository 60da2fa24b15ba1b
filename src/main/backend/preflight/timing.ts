import type { z } from 'zod';
import {
  baselinesSchema,
  timingSchema,
  type ExperimentSpec,
  type Timing,
} from '../../../shared/contract/experiments.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { BackendContext } from '../context.ts';
import { keepBaselines, keptBaselines } from '../experiments/baselines.ts';
import { requireFreeDevice, withFreeDevice } from './engine-input.ts';
import { LateBaselines } from './late-baselines.ts';

const timedSchema = timingSchema.omit({ baselines: true });
type Timed = z.infer<typeof timedSchema>;

/** Timings kept while the app runs; they hold for this machine as it is now. */
const mostKept = 30;

/**
 * The part of a pre-flight that runs the model. It gives way: a training that has the device or gets it refuses or ends
 * it, and a newer question ends an older one. What nobody waits for gives way to a question. What is kept is answered at any time.
 */
export class Timings {
  private readonly context: BackendContext;
  private readonly late: LateBaselines;
  private readonly kept = new Map<string, Timed>();
  private running: { key: string; abort: AbortController; timing: Promise<Timing> } | undefined;

  constructor(context: BackendContext) {
    this.context = context;
    this.late = new LateBaselines(context);
  }

  /** Baselines that nobody waits for; `found` is called when they are kept. */
  seekBaselines(id: string, spec: ExperimentSpec, found: () => void): void {
    if (!this.running) this.late.seek(id, spec, found);
  }

  /** Throws `preflight/…`, `settings/…`, `datasets/…` and the engine's faults. */
  async time(spec: ExperimentSpec): Promise<Timing> {
    const { name: _, tags: __, ...decisive } = spec;
    const key = JSON.stringify(decisive);
    const timed = this.kept.get(key);
    const baselines = keptBaselines(this.context, spec);
    if (timed && baselines) return { ...timed, baselines };
    if (this.running?.key === key) return this.running.timing;
    requireFreeDevice(this.context);
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
    await this.late.giveWay();
  }

  private async measure(spec: ExperimentSpec, key: string, abort: AbortController): Promise<Timing> {
    await this.late.giveWay();
    return withFreeDevice(this.context, spec, abort, async (ask) => {
      const timed = this.kept.get(key) ?? timedSchema.parse(await ask('time'));
      this.keep(key, timed);
      let baselines = keptBaselines(this.context, spec);
      if (!baselines) {
        baselines = baselinesSchema.parse(await ask('baselines'));
        keepBaselines(this.context, spec, baselines);
      }
      return { ...timed, baselines };
    });
  }

  private keep(key: string, timed: Timed): void {
    this.kept.set(key, timed);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostKept) this.kept.delete(oldest!);
  }
}
