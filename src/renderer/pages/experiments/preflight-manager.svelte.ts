import type {
  AdapterPreview,
  ExperimentSpec,
  FaultValue,
  Preflight,
  Timing,
} from '../../../shared/contract.ts';
import { choosesModules } from '../../../shared/methods/index.ts';
import { faultOf, Resource, type Rpc } from '../../kit.ts';

const settleMs = 300;
const idleMs = 2500;

/** What of a spec the model's run depends on: a name or a tag needs no new timing. */
const timedPart = ({ name: _, tags: __, ...rest }: ExperimentSpec): string => JSON.stringify(rest);

/** The pre-flight of a spec: made anew a moment after each change. `reading`: the spec changed since the answer. */
export class PreflightManager extends Resource<Preflight> {
  /** Whether the timed part may start by itself: not while an experiment uses the machine. */
  readonly #free: () => boolean;
  #spec: ExperimentSpec | null = null;
  #labels: string[] = [];
  #asked = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #timedFor = '';
  /** What the adapter touches; null where the method has none or the settings are refused. */
  preview = $state.raw<AdapterPreview | null>(null);
  timing = $state.raw<Timing | null>(null);
  timingFault = $state.raw<FaultValue | null>(null);
  timingBusy = $state(false);

  constructor(rpc: Rpc, free: () => boolean) {
    super(rpc, async () => {
      if (this.#spec === null) return null;
      void this.#previewAdapter(this.#spec);
      return rpc.call('experiments/preflight', { spec: this.#spec });
    });
    this.#free = free;
  }

  /** Follows a changed spec; null: something is not chosen yet. `labels`: of the chosen data. */
  follow(spec: ExperimentSpec | null, labels: string[]): void {
    clearTimeout(this.#idle);
    const part = spec === null ? '' : timedPart(spec);
    const same = this.#spec !== null && part === timedPart(this.#spec) && !this.reading;
    this.#spec = spec;
    if (same) return;
    this.#labels = labels;
    this.#asked += 1;
    if (part !== this.#timedFor) this.timing = this.timingFault = null;
    if (spec !== null) return this.replaceAfter(settleMs);
    this.preview = null;
    this.clear();
  }

  close(): void {
    this.follow(null, []);
  }

  /** Runs the model for some steps: seconds. Kept only while the spec is the same. */
  async time(): Promise<void> {
    const spec = this.#spec;
    if (spec === null || this.timingBusy) return;
    clearTimeout(this.#idle);
    const asked = this.#asked;
    this.timingBusy = true;
    try {
      const timing = await this.rpc.call('experiments/time', { spec });
      if (asked !== this.#asked) return;
      this.timing = timing;
      this.#timedFor = timedPart(spec);
      this.timingFault = null;
    } catch (error) {
      const fault = faultOf(error);
      if (asked === this.#asked) this.timingFault = fault;
    } finally {
      this.timingBusy = false;
      if (asked !== this.#asked && !this.reading) this.#timeWhenIdle();
    }
  }

  protected override taken(): void {
    this.#timeWhenIdle();
  }

  async #previewAdapter({ modelId: id, adapter }: ExperimentSpec): Promise<void> {
    const asked = this.#asked;
    const labels = this.#labels;
    const preview =
      choosesModules(adapter['peft_type']) && labels.length > 0
        ? await this.rpc
            .call('models/preview-adapter', { id, adapter, labels })
            // The pre-flight says what is wrong with the adapter.
            .catch((error: unknown) => (faultOf(error), null))
        : null;
    if (asked === this.#asked) this.preview = preview;
  }

  #timeWhenIdle(): void {
    clearTimeout(this.#idle);
    if (this.fault || this.value?.canStart !== true || this.timing !== null) return;
    this.#idle = setTimeout(() => {
      if (this.#free() && this.timingFault === null) void this.time();
    }, idleMs);
  }
}
