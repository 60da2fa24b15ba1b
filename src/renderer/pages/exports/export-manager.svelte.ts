import type { Export, FaultValue } from '../../../shared/contract.ts';
import { Resource, type Rpc } from '../../kit.ts';

/** One export, live while it is written, with its proofs, which can be repeated. */
export class ExportManager extends Resource<Export> {
  readonly id: string;
  /** The job that writes it or repeats its proof, also when it has ended: why it failed is worth reading. */
  lastJobId = $state.raw<string | null>(null);

  constructor(rpc: Rpc, id: string) {
    super(rpc, async () => this.#withJob((await rpc.call('exports/read', { id })).export), {
      'exports/changed': (changed) => changed.id === id && this.#withJob(changed),
      'exports/removed': (removed) => {
        if (removed.id === id) this.fault = gone;
        return false;
      },
    });
    this.id = id;
  }

  /** That job while it is under way. */
  get jobId(): string | null {
    return this.value?.jobId ?? null;
  }

  /** Every target is loaded from disk again and asked again; `jobId` is the job. */
  async verify(): Promise<void> {
    await this.attempt(() => this.rpc.call('exports/verify', { id: this.id }));
  }
  /** Resolves to whether it is gone. */
  async remove(files: boolean): Promise<boolean> {
    return (await this.attempt(() => this.rpc.call('exports/remove', { id: this.id, files }))) !== undefined;
  }

  #withJob(now: Export): Export {
    this.lastJobId = now.jobId ?? this.lastJobId;
    return now;
  }
}

/** Somebody removed it, here or in another window. */
const gone: FaultValue = {
  code: 'exports/removed',
  message: 'This export was removed.',
  remedy: 'Look at the others.',
};
