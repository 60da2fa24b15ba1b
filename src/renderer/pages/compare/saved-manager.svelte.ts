import type { SavedComparison } from '../../../shared/contract/compare.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { attempt } from '../../attempt.ts';
import type { Rpc } from '../../rpc.ts';
import type { Chosen } from './compare-address.ts';

/** Comparisons that were kept under a name. */
export class SavedManager {
  readonly #rpc: Pick<Rpc, 'call'>;
  #saved = $state.raw<readonly SavedComparison[] | null>(null);
  #fault = $state.raw<FaultValue | null>(null);

  constructor(rpc: Pick<Rpc, 'call'>) {
    this.#rpc = rpc;
  }

  /** The youngest first; null until they were read. */
  get saved(): readonly SavedComparison[] | null {
    return this.#saved;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  async read(): Promise<void> {
    await this.#do(async () => {
      const { saved } = await this.#rpc.call('compare/list-saved', {});
      this.#saved = saved.toSorted((a, b) => b.createdAt - a.createdAt);
    });
  }

  /** Resolves to whether it was saved. */
  save(name: string, { ids, baselineId }: Chosen): Promise<boolean> {
    return this.#do(async () => {
      const { saved } = await this.#rpc.call('compare/save', { name, ids: [...ids], baselineId });
      this.#saved = [saved, ...(this.#saved ?? [])];
    });
  }

  /** Resolves to whether it is gone; saving it again undoes it. */
  forget({ id }: SavedComparison): Promise<boolean> {
    return this.#do(async () => {
      await this.#rpc.call('compare/forget', { id });
      this.#saved = this.#saved?.filter((one) => one.id !== id) ?? null;
    });
  }

  async #do(work: () => Promise<void>): Promise<boolean> {
    await attempt(work, (fault) => (this.#fault = fault));
    return this.#fault === null;
  }
}
