import type { Dataset } from '../../../shared/contract/datasets.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';

const filters = ['all', 'used', 'unused', 'split', 'missing'] as const;
export type DatasetFilter = (typeof filters)[number];
const passes: Record<DatasetFilter, (one: Dataset) => boolean> = {
  all: () => true,
  used: ({ latest }) => latest.experiments > 0,
  unused: ({ latest }) => latest.experiments === 0,
  split: ({ latest }) => latest.splits.length > 1,
  missing: ({ latest }) => !latest.present,
};
/** All data sets: searched and filtered. */
export class DatasetListManager {
  readonly #rpc: Pick<RpcClient, 'call' | 'on'>;
  #datasets = $state.raw<Dataset[] | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  query = $state('');
  #filter = $state.raw<DatasetFilter>('all');

  constructor(rpc: Pick<RpcClient, 'call' | 'on'>) {
    this.#rpc = rpc;
  }

  /** Null until the first answer. */
  get datasets(): Dataset[] | null {
    return this.#datasets;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get filter(): DatasetFilter {
    return this.#filter;
  }
  /** By a filter's name; what is none shows all. */
  narrow(name: string | null): void {
    this.#filter = filters.find((filter) => filter === name) ?? 'all';
  }
  /** How many each filter lets through. */
  count(filter: DatasetFilter): number {
    return (this.#datasets ?? []).filter(passes[filter]).length;
  }
  get shown(): Dataset[] {
    const words = this.query.trim().toLocaleLowerCase();
    return (this.#datasets ?? [])
      .filter(passes[this.#filter])
      .filter(({ name, source }) => `${name} ${source}`.toLocaleLowerCase().includes(words));
  }

  /** Keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    return this.#rpc.on('datasets/changed', () => void this.read());
  }

  async read(): Promise<void> {
    try {
      this.#datasets = (await this.#rpc.call('datasets/list', {})).datasets;
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  /** Rejects with the first RefusedError; what was removed before it stays removed. */
  async remove(ids: readonly string[]): Promise<void> {
    try {
      for (const id of ids) await this.#rpc.call('datasets/remove', { id });
    } finally {
      await this.read();
    }
  }

  async restore(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#rpc.call('datasets/restore', { id });
    await this.read();
  }
}
