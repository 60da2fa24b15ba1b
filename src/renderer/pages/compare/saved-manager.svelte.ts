import type { SavedComparison } from '../../../shared/contract.ts';
import { Resource, type Rpc } from '../../kit.ts';
import type { Chosen } from './compare-address.ts';

/** Comparisons that were kept under a name, the youngest first. */
export class SavedManager extends Resource<readonly SavedComparison[]> {
  constructor(rpc: Rpc) {
    super(rpc, async () => {
      const { saved } = await rpc.call('compare/list-saved', {});
      return saved.toSorted((a, b) => b.createdAt - a.createdAt);
    });
  }

  /** Resolves to undefined where it was refused. */
  save(name: string, { ids, baselineId }: Chosen): Promise<SavedComparison | undefined> {
    return this.attempt(async () => {
      const { saved } = await this.rpc.call('compare/save', { name, ids: [...ids], baselineId });
      this.patch((all) => [saved, ...all]);
      return saved;
    });
  }

  /** Resolves to undefined where it was refused; saving it again undoes it. */
  forget(forgotten: SavedComparison): Promise<SavedComparison | undefined> {
    return this.attempt(async () => {
      await this.rpc.call('compare/forget', { id: forgotten.id });
      this.patch((all) => all.filter(({ id }) => id !== forgotten.id));
      return forgotten;
    });
  }
}
