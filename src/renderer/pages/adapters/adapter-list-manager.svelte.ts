import type { OutputOf } from '../../../shared/contract.ts';
import type { Adapter } from '../../../shared/contract/adapters.ts';
import type { Experiment } from '../../../shared/contract/experiments.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import { oneAtATime } from '../../one-at-a-time.ts';
import type { Rpc } from '../../rpc.ts';
import { different, hasWords } from '../../words.ts';

export type Dependents = OutputOf<'adapters/dependents'>;
/** An adapter with what its experiment says of it. */
export interface ListedAdapter extends Adapter {
  dataName: string | null;
  accuracy: number | null;
}
/** '' is "any". */
export interface AdapterFilters {
  query: string;
  model: string;
  data: string;
  origin: string;
}
const noFilters: AdapterFilters = { query: '', model: '', data: '', origin: '' };

/** All adapters: searched, filtered, several chosen at once. */
export class AdapterListManager {
  readonly #rpc: Rpc;
  readonly #source: { readonly experiments: readonly Experiment[] | null };
  #adapters = $state.raw<readonly Adapter[] | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #chosen = $state.raw<ReadonlySet<string>>(new Set());
  filters = $state<AdapterFilters>({ ...noFilters });

  /** `source`: the live list of experiments, which knows the data and the result of each. */
  constructor(rpc: Rpc, source: { readonly experiments: readonly Experiment[] | null }) {
    this.#rpc = rpc;
    this.#source = source;
  }

  /** Null until the first answer. */
  readonly adapters = $derived.by<readonly ListedAdapter[] | null>(() => {
    const experiments = new Map((this.#source.experiments ?? []).map((one) => [one.id, one]));
    return (
      this.#adapters?.map((one) => {
        const experiment = one.experimentId === null ? undefined : experiments.get(one.experimentId);
        const accuracy = experiment?.metrics?.['accuracy'] ?? null;
        return { ...one, dataName: experiment?.dataName ?? null, accuracy };
      }) ?? null
    );
  });
  readonly shown = $derived.by(() => (this.adapters ?? []).filter((one) => passes(one, this.filters)));
  /** The values that each filter can be set to. */
  readonly options = $derived.by(() => {
    const all = this.adapters ?? [];
    return {
      model: different(all.map(({ modelName }) => modelName)),
      data: different(all.flatMap(({ dataName }) => dataName ?? [])),
      origin: origins.filter((origin) => all.some((one) => one.origin === origin)),
    };
  });
  /** The chosen ones that the filters show. */
  readonly picked = $derived.by(() => this.shown.filter(({ id }) => this.#chosen.has(id)));

  get fault(): FaultValue | null {
    return this.#fault;
  }
  choose(ids: ReadonlySet<string>): void {
    this.#chosen = ids;
  }
  clearFilters(): void {
    this.filters = { ...noFilters };
  }

  /** Keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    const read = () => void this.read();
    const ends = [
      this.#rpc.on('adapters/changed', read),
      this.#rpc.on('models/changed', read),
      this.#rpc.on('exports/removed', read),
      this.#rpc.on('system/restarted', read),
    ];
    return () => ends.forEach((end) => end());
  }

  /** Many that change at once are read once more, not each. */
  readonly read = oneAtATime(async () => {
    try {
      this.#adapters = (await this.#rpc.call('adapters/list', {})).adapters;
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  });

  /** What loses its source with them. Rejects with a RefusedError. */
  dependents(ids: string[]): Promise<Dependents> {
    return this.#rpc.call('adapters/dependents', { ids });
  }
  /** Can be undone by `restore`. Rejects with a RefusedError. */
  async remove(ids: string[]): Promise<void> {
    await this.#rpc.call('adapters/remove', { ids });
    this.#chosen = new Set();
    await this.read();
  }
  async restore(ids: string[]): Promise<void> {
    await this.#rpc.call('adapters/restore', { ids });
    await this.read();
  }
}

function passes(one: ListedAdapter, { query, model, data, origin }: AdapterFilters): boolean {
  if (model !== '' && one.modelName !== model) return false;
  if (data !== '' && one.dataName !== data) return false;
  if (origin !== '' && one.origin !== origin) return false;
  const words = [one.name, one.modelName, one.dataName ?? '', one.peftType, one.origin].join(' ');
  return hasWords(words, query);
}

const origins: readonly Adapter['origin'][] = ['experiment', 'imported', 'merged'];
