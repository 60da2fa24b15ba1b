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
  private readonly kept = new Map<string, Timed>();
  private running: { key: string; abort: AbortController; timing: Promise<Timing> } | undefined;
  /** Baselines that nobody waits for. */
  private late: { abort: AbortController; done: Promise<void> } | undefined;
  private readonly sought = new Map<string, { spec: ExperimentSpec; found: () => void }>();
  private readonly hopeless = new Set<string>();

  constructor(context: BackendContext) {
    this.context = context;
  }

  /**
   * The baselines of a run that was started before its pre-flight had worked them out: made when somebody looks at the
   * finished run, unless something trains or is timed. Without them the run stands alone, which is no fault. `found` is
   * called when they are kept. One run at a time; the others wait for their turn.
   */
  seekBaselines(id: string, spec: ExperimentSpec, found: () => void): void {
    if (this.running || this.hopeless.has(id)) return;
    this.sought.set(id, { spec, found });
    this.seekNext();
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
    await this.endLate();
  }

  private async measure(spec: ExperimentSpec, key: string, abort: AbortController): Promise<Timing> {
    await this.endLate();
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

  private seekNext(): void {
    const [first] = this.sought;
    if (this.late || !first) return;
    const [id, { spec, found }] = first;
    this.sought.delete(id);
    // A run of the same rows may have brought them meanwhile.
    if (keptBaselines(this.context, spec)) {
      found();
      return this.seekNext();
    }
    const abort = new AbortController();
    const done = withFreeDevice(this.context, spec, abort, async (ask) => {
      keepBaselines(this.context, spec, baselinesSchema.parse(await ask('baselines')));
    })
      .then(found)
      .catch(() => {
        // One that gave way is sought again at the next look, and so are those behind it.
        if (abort.signal.aborted) this.sought.clear();
        else this.hopeless.add(id);
      })
      .finally(() => {
        this.late = undefined;
        this.seekNext();
      });
    this.late = { abort, done };
  }

  private async endLate(): Promise<void> {
    this.sought.clear();
    this.late?.abort.abort(fault('preflight/another-asked', {}));
    await this.late?.done;
  }

  private keep(key: string, timed: Timed): void {
    this.kept.set(key, timed);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostKept) this.kept.delete(oldest!);
  }
}
