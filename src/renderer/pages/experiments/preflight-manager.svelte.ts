import { choosesModules } from '../../../shared/methods/index.ts';
import type { ExperimentSpec, Preflight, Timing } from '../../../shared/contract/experiments.ts';
import type { AdapterPreview } from '../../../shared/contract/models.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';

const settleMs = 300;
const idleMs = 2500;

/** What of a spec the model's run depends on: a name or a tag needs no new timing. */
const timedPart = ({ name: _, tags: __, ...rest }: ExperimentSpec): string => JSON.stringify(rest);

/** The pre-flight of a spec: made anew a moment after each change; answers to older specs are dropped. */
export class PreflightManager {
  readonly #rpc: Rpc;
  /** Whether the timed part may start by itself: not while an experiment uses the machine. */
  readonly #free: () => boolean;
  #spec: ExperimentSpec | null = null;
  #labels: string[] = [];
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #timedFor = $state.raw('');
  #value = $state.raw<Preflight | null>(null);
  #preview = $state.raw<AdapterPreview | null>(null);
  #timing = $state.raw<Timing | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #timingFault = $state.raw<FaultValue | null>(null);
  #stale = $state(false);
  #timingBusy = $state(false);

  constructor(rpc: Rpc, free: () => boolean) {
    this.#rpc = rpc;
    this.#free = free;
  }

  /** The last answer; it stays in view while the next one is made. */
  get value(): Preflight | null {
    return this.#value;
  }
  /** What the adapter touches; null where the method has none or the settings are refused. */
  get preview(): AdapterPreview | null {
    return this.#preview;
  }
  get timing(): Timing | null {
    return this.#timing;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get timingFault(): FaultValue | null {
    return this.#timingFault;
  }
  /** The spec changed since the answer. */
  get stale(): boolean {
    return this.#stale;
  }
  get timingBusy(): boolean {
    return this.#timingBusy;
  }

  /** Follows a changed spec; null: something is not chosen yet. `labels`: of the chosen data. */
  follow(spec: ExperimentSpec | null, labels: string[]): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#idle);
    const part = spec === null ? '' : timedPart(spec);
    if (this.#spec !== null && part === timedPart(this.#spec) && !this.#stale) {
      this.#spec = spec;
      return;
    }
    this.#spec = spec;
    this.#labels = labels;
    this.#asked += 1;
    if (part !== this.#timedFor) {
      this.#timing = null;
      this.#timingFault = null;
    }
    if (spec === null) {
      this.#value = null;
      this.#preview = null;
      this.#fault = null;
      this.#stale = false;
      return;
    }
    this.#stale = true;
    this.#timer = setTimeout(() => void this.#check(spec), settleMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#idle);
    this.#asked += 1;
  }

  /** Runs the model for some steps: seconds. Kept only while the spec is the same. */
  async time(): Promise<void> {
    const spec = this.#spec;
    if (spec === null || this.#timingBusy) return;
    clearTimeout(this.#idle);
    const asked = this.#asked;
    this.#timingBusy = true;
    try {
      const timing = await this.#rpc.call('experiments/time', { spec });
      if (asked !== this.#asked) return;
      this.#timing = timing;
      this.#timedFor = timedPart(spec);
      this.#timingFault = null;
    } catch (error) {
      const fault = faultOf(error);
      if (asked === this.#asked) this.#timingFault = fault;
    } finally {
      this.#timingBusy = false;
      if (asked !== this.#asked) this.#timeWhenIdle();
    }
  }

  async #check(spec: ExperimentSpec): Promise<void> {
    const asked = this.#asked;
    void this.#previewAdapter(spec, asked);
    try {
      const value = await this.#rpc.call('experiments/preflight', { spec });
      if (asked !== this.#asked) return;
      this.#value = value;
      this.#fault = null;
    } catch (error) {
      const fault = faultOf(error);
      if (asked !== this.#asked) return;
      this.#value = null;
      this.#fault = fault;
    }
    this.#stale = false;
    this.#timeWhenIdle();
  }

  async #previewAdapter(spec: ExperimentSpec, asked: number): Promise<void> {
    const { modelId: id, adapter } = spec;
    const labels = this.#labels;
    const preview =
      choosesModules(adapter['peft_type']) && labels.length > 0
        ? await this.#rpc
            .call('models/preview-adapter', { id, adapter, labels })
            // The pre-flight says what is wrong with the adapter.
            .catch((error: unknown) => (faultOf(error), null))
        : null;
    if (asked === this.#asked) this.#preview = preview;
  }

  #timeWhenIdle(): void {
    clearTimeout(this.#idle);
    if (this.#stale || this.#value?.canStart !== true || this.#timing !== null) return;
    this.#idle = setTimeout(() => {
      if (this.#free() && this.#timingFault === null) void this.time();
    }, idleMs);
  }
}
