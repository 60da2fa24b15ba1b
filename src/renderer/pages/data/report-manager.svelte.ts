import type { DatasetReport } from '../../../shared/contract/datasets.ts';
import type { Model } from '../../../shared/contract/models.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';

/** Up to this many rows the token lengths are counted without being asked for. */
const COUNT_UNASKED = 100_000;
/** A length typed digit by digit asks once. */
const DEBOUNCE_MS = 300;

/** The report of one version, with token lengths once a tokenizer is known. */
export class ReportManager {
  readonly versionId: string;
  readonly #rpc: Pick<RpcClient, 'call'>;
  #report = $state.raw<DatasetReport | null>(null);
  #models = $state.raw<Model[]>([]);
  #modelId = $state.raw<string | null>(null);
  #maxLength = $state.raw<number | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #lengthsFault = $state.raw<FaultValue | null>(null);
  #counting = $state.raw(false);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Pick<RpcClient, 'call'>, versionId: string) {
    this.#rpc = rpc;
    this.versionId = versionId;
  }

  get report(): DatasetReport | null {
    return this.#report;
  }
  /** Models on this machine whose tokenizer can be asked. */
  get models(): Model[] {
    return this.#models;
  }
  get modelId(): string | null {
    return this.#modelId;
  }
  /** As typed; null: the model's own limit. */
  get maxLength(): number | null {
    return this.#maxLength;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get lengthsFault(): FaultValue | null {
    return this.#lengthsFault;
  }
  get counting(): boolean {
    return this.#counting;
  }

  /** The report first, then the lengths by the first model's tokenizer where that is quick. */
  async read(): Promise<void> {
    try {
      this.#report = await this.#rpc.call('datasets/report', { versionId: this.versionId });
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
      return;
    }
    const { models } = await this.#rpc.call('models/list', {}).catch(() => ({ models: [] as Model[] }));
    this.#models = models.filter(({ present }) => present);
    const first = this.#models[0];
    if (first && this.#modelId === null && this.#report.rows <= COUNT_UNASKED) await this.countWith(first.id);
  }

  /** Counts tokens with a model's tokenizer. */
  async countWith(modelId: string): Promise<void> {
    this.#modelId = modelId;
    await this.#count();
  }

  /** Where texts are cut. Values under 3 wait for more digits. */
  cutAt(maxLength: number | null): void {
    this.#maxLength = maxLength;
    clearTimeout(this.#timer);
    if (maxLength !== null && !(maxLength >= 3 && Number.isInteger(maxLength))) return;
    this.#timer = setTimeout(() => void this.#count(), DEBOUNCE_MS);
  }

  async #count(): Promise<void> {
    if (this.#modelId === null) return;
    const turn = ++this.#turn;
    this.#counting = true;
    try {
      const report = await this.#rpc.call('datasets/report', {
        versionId: this.versionId,
        modelId: this.#modelId,
        maxLength: this.#maxLength,
      });
      if (turn !== this.#turn) return;
      this.#report = report;
      this.#lengthsFault = null;
    } catch (error) {
      if (turn === this.#turn) this.#lengthsFault = faultOf(error);
    } finally {
      if (turn === this.#turn) this.#counting = false;
    }
  }
}
