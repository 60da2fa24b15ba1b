import type { FoundLabelError, FoundLabelErrors } from '../../../shared/contract/compare.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';

const PAGE = 50;

/** Likely label errors that were looked for in a version by cross-prediction, a page at a time. */
export class LabelErrorsManager {
  readonly versionId: string;
  readonly #rpc: Pick<RpcClient, 'call'>;
  #found = $state.raw<FoundLabelErrors | null>(null);
  #items = $state.raw<readonly FoundLabelError[]>([]);
  #fault = $state.raw<FaultValue | null>(null);
  #jobId = $state<string | null>(null);

  constructor(rpc: Pick<RpcClient, 'call'>, versionId: string) {
    this.#rpc = rpc;
    this.versionId = versionId;
    void this.read();
  }

  /** Null: nobody has looked yet, or it is not read yet. */
  get found(): FoundLabelErrors | null {
    return this.#found;
  }
  get items(): readonly FoundLabelError[] {
    return this.#items;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get jobId(): string | null {
    return this.#jobId;
  }

  async read(): Promise<void> {
    this.#jobId = null;
    await this.#ask(0);
  }
  more(): Promise<void> {
    return this.#ask(this.#items.length);
  }

  async look(split: string | null, modelId: string): Promise<void> {
    this.#fault = null;
    try {
      const input = { versionId: this.versionId, split, modelId };
      this.#jobId = (await this.#rpc.call('compare/cross-predict', input)).jobId;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  async #ask(offset: number): Promise<void> {
    try {
      const input = { versionId: this.versionId, offset, limit: PAGE };
      const { found, items } = await this.#rpc.call('compare/label-errors', input);
      this.#found = found;
      this.#items = offset === 0 ? items : [...this.#items, ...items];
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }
}
