import type { Experiment, InputOf } from '../../../shared/contract.ts';
import { ExperimentSearch } from '../../managers/experiment-search.svelte.ts';
import type { Resource, Rpc } from '../../kit.ts';

/** The list as one looks at it: filtered, several chosen at once, the queue's order. */
export class ExperimentListManager extends ExperimentSearch {
  readonly #rpc: Pick<Rpc, 'call'>;

  /** `source`: the live list of experiments, the archived ones too. */
  constructor(
    rpc: Pick<Rpc, 'call'>,
    source: Pick<Resource<readonly Experiment[]>, 'value' | 'fault' | 'read' | 'listen'>,
  ) {
    super(source, () => source.value, {
      remove: (ids) => rpc.call('experiments/remove', { ids }),
      restore: (ids) => rpc.call('experiments/restore', { ids }),
    });
    this.#rpc = rpc;
  }

  readonly queue = $derived.by(() =>
    (this.items ?? [])
      .filter(({ queuePlace }) => queuePlace !== null)
      .sort((a, b) => a.queuePlace! - b.queuePlace!),
  );

  async star(id: string, starred: boolean): Promise<void> {
    await this.#update({ id, starred });
  }
  async archive(ids: readonly string[], archived: boolean): Promise<void> {
    this.chosen = new Set();
    for (const id of ids) await this.#update({ id, archived });
  }
  /** Adds a tag to each, or takes it away from all where all have it. */
  async tag(ids: readonly string[], tag: string): Promise<void> {
    const all = (this.items ?? []).filter(({ id }) => ids.includes(id));
    const everywhere = all.every(({ tags }) => tags.includes(tag));
    for (const { id, tags } of all) {
      const others = tags.filter((one) => one !== tag);
      await this.#update({ id, tags: everywhere ? others : [...others, tag] });
    }
  }
  /** `position` from 1. */
  async move(id: string, position: number): Promise<void> {
    const bounded = Math.max(1, Math.min(this.queue.length, position));
    await this.attempt(() => this.#rpc.call('experiments/move', { id, place: bounded }));
    await this.source.read();
  }
  /** Takes an experiment out of the queue. */
  async unqueue(id: string): Promise<void> {
    await this.attempt(() => this.#rpc.call('experiments/stop', { id }));
  }

  async #update(change: InputOf<'experiments/update'>): Promise<void> {
    await this.attempt(() => this.#rpc.call('experiments/update', change));
  }
}
