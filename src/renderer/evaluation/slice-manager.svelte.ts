import type { Slices } from '../../shared/contract/compare.ts';
import type { FaultValue } from '../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../shared/rpc-client.ts';

/** The accuracy of runs on parts of their rows. */
export class SliceManager {
  readonly ids: readonly string[];
  readonly #rpc: Pick<RpcClient, 'call'>;
  #by = $state.raw<string | null>(null);
  #slices = $state.raw<Slices | null>(null);
  #columns = $state.raw<readonly string[]>([]);
  #read = $state(false);
  #fault = $state.raw<FaultValue | null>(null);
  #turn = 0;

  constructor(rpc: Pick<RpcClient, 'call'>, ids: readonly string[]) {
    this.#rpc = rpc;
    this.ids = ids;
    void this.cut(null);
  }

  /** The column that rows are cut by; null: the text's length. */
  get by(): string | null {
    return this.#by;
  }
  /** Null: there are none, once `read` is true. */
  get slices(): Slices | null {
    return this.#slices;
  }
  get columns(): readonly string[] {
    return this.#columns;
  }
  get read(): boolean {
    return this.#read;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  /** Cuts by another column; the slices before stay until the answer. */
  async cut(by: string | null): Promise<void> {
    this.#by = by;
    const turn = ++this.#turn;
    try {
      const { slices, columns } = await this.#rpc.call('compare/slices', { ids: [...this.ids], by });
      if (turn !== this.#turn) return;
      this.#slices = slices;
      this.#columns = columns;
      this.#fault = null;
    } catch (error) {
      const fault = faultOf(error);
      if (turn === this.#turn) this.#fault = fault;
    }
    if (turn === this.#turn) this.#read = true;
  }
}
