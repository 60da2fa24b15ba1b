import type { Calibration } from '../../shared/contract/compare.ts';
import type { FaultValue } from '../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../shared/rpc-client.ts';

/** Whether one run's probabilities can be believed. */
export class CalibrationManager {
  readonly #rpc: Pick<RpcClient, 'call'>;
  readonly #id: string;
  #calibration = $state.raw<Calibration | null>(null);
  #read = $state(false);
  #fault = $state.raw<FaultValue | null>(null);

  constructor(rpc: Pick<RpcClient, 'call'>, id: string) {
    this.#rpc = rpc;
    this.#id = id;
    void this.open();
  }

  /** Null: no predictions are kept, once `read` is true. */
  get calibration(): Calibration | null {
    return this.#calibration;
  }
  get read(): boolean {
    return this.#read;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  async open(): Promise<void> {
    try {
      this.#calibration = (await this.#rpc.call('compare/calibration', { id: this.#id })).calibration;
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
    this.#read = true;
  }
}
