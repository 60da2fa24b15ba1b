import type { Comparison } from '../../../shared/contract/compare.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import { hasEnded } from '../../experiment-words.ts';
import type { Rpc } from '../../rpc.ts';
import type { Chosen } from './compare-address.ts';

/** The comparison of the chosen experiments; what was shown stays until the next is there. */
export class ComparisonManager {
  readonly #rpc: Rpc;
  #chosen: Chosen = { ids: [], baselineId: null };
  #comparison = $state.raw<Comparison | null>(null);
  #majority = $state<number | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #reading = 0;

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Null until one was read. */
  get comparison(): Comparison | null {
    return this.#comparison;
  }
  /** The share of the most frequent label, where all answered the same rows; null: not known. */
  get majority(): number | null {
    return this.#majority;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  /** Reads the comparison of these, unless it is the one that is shown. */
  async open(chosen: Chosen): Promise<void> {
    const same =
      chosen.baselineId === this.#chosen.baselineId && chosen.ids.join() === this.#chosen.ids.join();
    this.#chosen = chosen;
    if (!same || this.#fault) await this.read();
  }

  async read(): Promise<void> {
    const reading = ++this.#reading;
    const { ids, baselineId } = this.#chosen;
    try {
      const comparison = await this.#rpc.call('compare/read', { ids: [...ids], baselineId });
      if (reading !== this.#reading) return;
      this.#comparison = comparison;
      this.#fault = null;
      const sameRows = new Set(comparison.runs.map(({ rowsKey }) => rowsKey)).size === 1;
      const majority = sameRows ? await this.#readMajority(comparison.baselineId) : null;
      if (reading === this.#reading) this.#majority = majority;
    } catch (error) {
      if (reading === this.#reading) this.#fault = faultOf(error);
    }
  }

  /** A comparison does without it. */
  async #readMajority(id: string): Promise<number | null> {
    try {
      return (await this.#rpc.call('experiments/read', { id })).baselines?.majority.accuracy ?? null;
    } catch {
      return null;
    }
  }

  /** Follows the experiments: reads anew when one of them ends or changes its name. Returns its own unsubscribe. */
  listen(): () => void {
    const stops = [
      this.#rpc.on('experiments/changed', (changed) => {
        const known = this.#comparison?.runs.find(
          ({ experiment }) => experiment.id === changed.id,
        )?.experiment;
        if (!known) return;
        const ended = known.state !== changed.state && hasEnded(changed);
        if (ended || known.name !== changed.name) void this.read();
      }),
      this.#rpc.on('experiments/removed', ({ ids }) => {
        if (ids.some((id) => this.#chosen.ids.includes(id))) void this.read();
      }),
      this.#rpc.on('system/restarted', () => void this.read()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }
}
