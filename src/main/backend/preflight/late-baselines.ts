import { baselinesSchema, type ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { BackendContext } from '../context.ts';
import { keepBaselines, keptBaselines } from '../experiments/baselines.ts';
import { withFreeDevice } from './engine-input.ts';

/**
 * The baselines of a run that was started before its pre-flight had worked them out: made when somebody looks at the
 * finished run, unless something trains or is timed. Without them the run stands alone, which is no fault.
 */
export class LateBaselines {
  private readonly context: BackendContext;
  private running: { abort: AbortController; done: Promise<void> } | undefined;
  private readonly hopeless = new Set<string>();
  private readonly waiting = new Map<string, { spec: ExperimentSpec; found: () => void }>();

  constructor(context: BackendContext) {
    this.context = context;
  }

  /** `found` is called when they are kept. One run at a time; the others wait for their turn. */
  seek(id: string, spec: ExperimentSpec, found: () => void): void {
    if (this.hopeless.has(id)) return;
    this.waiting.set(id, { spec, found });
    this.next();
  }

  private next(): void {
    const [first] = this.waiting;
    if (this.running || !first) return;
    const [id, { spec, found }] = first;
    this.waiting.delete(id);
    // A run of the same rows may have brought them meanwhile.
    if (keptBaselines(this.context, spec)) {
      found();
      return this.next();
    }
    const abort = new AbortController();
    const done = withFreeDevice(this.context, spec, abort, async (ask) => {
      keepBaselines(this.context, spec, baselinesSchema.parse(await ask('baselines')));
    })
      .then(found)
      .catch(() => {
        // One that gave way is sought again at the next look, and so are those behind it.
        if (abort.signal.aborted) this.waiting.clear();
        else this.hopeless.add(id);
      })
      .finally(() => {
        this.running = undefined;
        this.next();
      });
    this.running = { abort, done };
  }

  /** Ends what runs. */
  async giveWay(): Promise<void> {
    this.waiting.clear();
    this.running?.abort.abort(fault('preflight/another-asked', {}));
    await this.running?.done;
  }
}
