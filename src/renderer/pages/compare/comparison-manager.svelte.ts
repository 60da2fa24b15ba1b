import type { Comparison } from '../../../shared/contract.ts';
import { hasEnded } from '../../experiment-words.ts';
import { Resource, type Rpc } from '../../kit.ts';
import type { Chosen } from './compare-address.ts';

/** The comparison of the chosen experiments; read anew when one of them ends or changes its name. */
export class ComparisonManager extends Resource<Comparison> {
  /** The share of the most frequent label, where all answered the same rows; null: not known. */
  majority = $state<number | null>(null);
  #chosen: Chosen;

  constructor(rpc: Rpc, chosen: Chosen) {
    const read = async (): Promise<Comparison> => {
      const { ids, baselineId } = this.#chosen;
      const comparison = await rpc.call('compare/read', { ids: [...ids], baselineId });
      void this.#readMajority(comparison);
      return comparison;
    };
    super(rpc, read, {
      'experiments/changed': (changed, comparison) => {
        const known = comparison?.runs.find(({ experiment }) => experiment.id === changed.id)?.experiment;
        if (!known) return false;
        return (known.state !== changed.state && hasEnded(changed)) || known.name !== changed.name;
      },
      'experiments/removed': ({ ids }) => ids.some((id) => this.#chosen.ids.includes(id)),
    });
    this.#chosen = chosen;
  }

  /** Reads the comparison of these, unless it is the one that is shown. */
  async open(chosen: Chosen): Promise<void> {
    const before = this.#chosen;
    const same = chosen.baselineId === before.baselineId && chosen.ids.join() === before.ids.join();
    if (same && !this.fault) return;
    this.#chosen = chosen;
    await this.replace();
  }

  /** A comparison does without it. */
  async #readMajority({ runs, baselineId }: Comparison): Promise<void> {
    const chosen = this.#chosen;
    const sameRows = new Set(runs.map(({ rowsKey }) => rowsKey)).size === 1;
    const read = sameRows ? this.rpc.call('experiments/read', { id: baselineId }).catch(() => null) : null;
    const baselines = (await read)?.baselines;
    if (chosen === this.#chosen) this.majority = baselines?.majority.accuracy ?? null;
  }
}
