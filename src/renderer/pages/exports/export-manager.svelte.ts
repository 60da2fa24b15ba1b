import type { Export } from '../../../shared/contract/exports.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import { attempt } from '../../attempt.ts';
import type { Rpc } from '../../rpc.ts';

/** One export, live while it is written, with its proofs, which can be repeated. */
export class ExportManager {
  readonly id: string;
  readonly #rpc: Rpc;
  #export = $state.raw<Export | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #refused = $state.raw<FaultValue | null>(null);
  #lastJobId = $state.raw<string | null>(null);
  #removed = $state(false);

  constructor(rpc: Rpc, id: string) {
    this.#rpc = rpc;
    this.id = id;
  }

  /** Null until the first answer. */
  get export(): Export | null {
    return this.#export;
  }
  /** It cannot be read. */
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** A request that was refused: beside the page, which stays. */
  get refused(): FaultValue | null {
    return this.#refused;
  }
  /** The job that writes it or repeats its proof. */
  get jobId(): string | null {
    return this.#export?.jobId ?? null;
  }
  /** That job, also when it has ended: why it failed is worth reading. */
  get lastJobId(): string | null {
    return this.#lastJobId;
  }
  /** Somebody removed it, here or in another window. */
  get removed(): boolean {
    return this.#removed;
  }

  /** Keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    const ends = [
      this.#rpc.on('exports/changed', (changed) => {
        if (changed.id === this.id) this.#put(changed);
      }),
      this.#rpc.on('exports/removed', ({ id }) => {
        if (id === this.id) this.#removed = true;
      }),
      this.#rpc.on('system/restarted', () => void this.read()),
    ];
    return () => ends.forEach((end) => end());
  }

  async read(): Promise<void> {
    try {
      this.#put((await this.#rpc.call('exports/read', { id: this.id })).export);
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  /** Every target is loaded from disk again and asked again; `jobId` is the job. */
  async verify(): Promise<void> {
    await this.#try(() => this.#rpc.call('exports/verify', { id: this.id }));
  }
  /** Resolves to whether it is gone. */
  async remove(files: boolean): Promise<boolean> {
    await this.#try(() => this.#rpc.call('exports/remove', { id: this.id, files }));
    return this.#refused === null;
  }

  #put(now: Export): void {
    this.#export = now;
    this.#lastJobId = now.jobId ?? this.#lastJobId;
  }
  #try(work: () => Promise<unknown>): Promise<void> {
    return attempt(
      async () => {
        await work();
      },
      (fault) => (this.#refused = fault),
    );
  }
}
