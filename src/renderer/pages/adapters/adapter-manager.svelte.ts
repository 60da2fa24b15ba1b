import type { AdapterDetail } from '../../../shared/contract/adapters.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import { attempt } from '../../attempt.ts';
import type { Rpc } from '../../rpc.ts';

/** One adapter, live: where it came from, what it is, what was made of it. */
export class AdapterManager {
  readonly id: string;
  readonly #rpc: Rpc;
  #detail = $state.raw<AdapterDetail | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #refused = $state.raw<FaultValue | null>(null);

  constructor(rpc: Rpc, id: string) {
    this.#rpc = rpc;
    this.id = id;
  }

  /** Null until the first answer. */
  get detail(): AdapterDetail | null {
    return this.#detail;
  }
  /** It cannot be read. */
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** A request that was refused: beside the page, which stays. */
  get refused(): FaultValue | null {
    return this.#refused;
  }

  /** Keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    const read = () => void this.read();
    const ends = [
      this.#rpc.on('adapters/changed', ({ id }) => (id === null || id === this.id) && read()),
      this.#rpc.on('models/changed', read),
      this.#rpc.on('exports/changed', ({ jobId }) => jobId === null && read()),
      this.#rpc.on('exports/removed', read),
      this.#rpc.on('system/restarted', read),
    ];
    return () => ends.forEach((end) => end());
  }

  async read(): Promise<void> {
    try {
      this.#detail = await this.#rpc.call('adapters/read', { id: this.id });
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  /** Tells what was refused by `refused`. */
  async rename(name: string): Promise<void> {
    await attempt(
      async () => {
        const { adapter } = await this.#rpc.call('adapters/update', { id: this.id, name });
        if (this.#detail) this.#detail = { ...this.#detail, adapter };
      },
      (fault) => (this.#refused = fault),
    );
  }
}
