import type { Experiment } from '../../../shared/contract/experiments.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { chosenExperiments, noFilters, optionsOf, type Filters } from '../../managers/experiment-filter.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';

/** The live list of experiments, the archived ones too. */
export interface ExperimentSource {
  /** Null until it was read. */
  readonly experiments: readonly Experiment[] | null;
  read(): Promise<void>;
}

/** The list as one looks at it: filtered, several chosen at once, the queue's order. */
export class ExperimentListManager {
  readonly #rpc: Pick<Rpc, 'call'>;
  readonly #source: ExperimentSource;
  #fault = $state.raw<FaultValue | null>(null);
  #chosen = $state.raw<ReadonlySet<string>>(new Set());
  filters = $state<Filters>({ ...noFilters });

  constructor(rpc: Pick<Rpc, 'call'>, source: ExperimentSource) {
    this.#rpc = rpc;
    this.#source = source;
  }

  /** What was refused last; null: nothing. */
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get chosen(): ReadonlySet<string> {
    return this.#chosen;
  }
  set chosen(ids: ReadonlySet<string>) {
    this.#chosen = ids;
  }
  get #all(): readonly Experiment[] {
    return this.#source.experiments ?? [];
  }
  readonly shown = $derived.by(() => chosenExperiments(this.#all, this.filters));
  readonly options = $derived.by(() => optionsOf(this.#all));
  readonly queue = $derived.by(() =>
    this.#all.filter(({ queuePlace }) => queuePlace !== null).sort((a, b) => a.queuePlace! - b.queuePlace!),
  );
  /** The chosen ones that the filters show. */
  readonly picked = $derived.by(() => this.shown.filter(({ id }) => this.#chosen.has(id)));
  get filtered(): boolean {
    return Object.entries(noFilters).some(([name, value]) => this.filters[name as keyof Filters] !== value);
  }
  clearFilters(): void {
    this.filters = { ...noFilters };
  }

  async star(id: string, starred: boolean): Promise<void> {
    await this.#update({ id, starred });
  }
  async archive(ids: readonly string[], archived: boolean): Promise<void> {
    this.#chosen = new Set();
    for (const id of ids) await this.#update({ id, archived });
  }
  /** Adds a tag to each, or takes it away from all where all have it. */
  async tag(ids: readonly string[], tag: string): Promise<void> {
    const all = this.#all.filter(({ id }) => ids.includes(id));
    const everywhere = all.every(({ tags }) => tags.includes(tag));
    for (const { id, tags } of all) {
      const others = tags.filter((one) => one !== tag);
      await this.#update({ id, tags: everywhere ? others : [...others, tag] });
    }
  }
  /** Resolves to whether they were removed; `restore` undoes it. */
  async remove(ids: string[]): Promise<boolean> {
    return this.#do(async () => {
      await this.#rpc.call('experiments/remove', { ids });
      this.#chosen = new Set([...this.#chosen].filter((id) => !ids.includes(id)));
    });
  }
  async restore(ids: string[]): Promise<void> {
    await this.#do(() => this.#rpc.call('experiments/restore', { ids }));
    await this.#source.read();
  }
  /** `place` from 1. */
  async move(id: string, place: number): Promise<void> {
    const bounded = Math.max(1, Math.min(this.queue.length, place));
    await this.#do(() => this.#rpc.call('experiments/move', { id, place: bounded }));
    await this.#source.read();
  }
  /** Takes an experiment out of the queue. */
  async unqueue(id: string): Promise<void> {
    await this.#do(() => this.#rpc.call('experiments/stop', { id }));
  }

  async #update(change: {
    id: string;
    starred?: boolean;
    archived?: boolean;
    tags?: string[];
  }): Promise<void> {
    await this.#do(() => this.#rpc.call('experiments/update', change));
  }
  async #do(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.#fault = null;
      return true;
    } catch (error) {
      this.#fault = faultOf(error);
      return false;
    }
  }
}
