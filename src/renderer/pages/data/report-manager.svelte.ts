import type { DatasetReport, DatasetVersion, TokenLengths } from '../../../shared/contract/datasets.ts';
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
  readonly rows: number;
  readonly #rpc: Pick<RpcClient, 'call'>;
  #report = $state.raw<DatasetReport | null>(null);
  #lengths = $state.raw<TokenLengths | null>(null);
  #models = $state.raw<Model[]>([]);
  #modelId = $state.raw<string | null>(null);
  #maxLength = $state.raw<number | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #lengthsFault = $state.raw<FaultValue | null>(null);
  #counting = $state.raw(false);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Pick<RpcClient, 'call'>, version: Pick<DatasetVersion, 'id' | 'rows'>) {
    this.#rpc = rpc;
    this.versionId = version.id;
    this.rows = version.rows;
  }

  get report(): DatasetReport | null {
    return this.#report;
  }
  get lengths(): TokenLengths | null {
    return this.#lengths;
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

  /** The report, and at the same time the lengths by the first model's tokenizer where that is quick. */
  async read(): Promise<void> {
    await Promise.all([this.#readReport(), this.#countUnasked()]);
  }

  async #readReport(): Promise<void> {
    try {
      const report = await this.#rpc.call('datasets/report', { versionId: this.versionId });
      // One with lengths that came meanwhile says more.
      this.#report ??= report;
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  async #countUnasked(): Promise<void> {
    const { models } = await this.#rpc.call('models/list', {}).catch(() => ({ models: [] as Model[] }));
    this.#models = models.filter(({ present }) => present);
    const first = this.#models[0];
    if (first && this.#modelId === null && this.rows <= COUNT_UNASKED) await this.countWith(first.id);
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
    const asked = { versionId: this.versionId, modelId: this.#modelId, maxLength: this.#maxLength };
    this.#counting = true;
    try {
      const lengths = await this.#rpc.call('datasets/lengths', asked);
      if (turn !== this.#turn) return;
      this.#lengths = lengths;
      this.#lengthsFault = null;
    } catch (error) {
      if (turn === this.#turn) this.#lengthsFault = faultOf(error);
      return;
    } finally {
      if (turn === this.#turn) this.#counting = false;
    }
    // The findings with what is cut. Where there is no report, reading it has said why.
    const report = await this.#rpc.call('datasets/report', asked).catch(() => null);
    if (report && turn === this.#turn) this.#report = report;
  }
}
