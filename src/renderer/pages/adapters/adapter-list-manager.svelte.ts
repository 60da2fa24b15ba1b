import type { Adapter, Experiment, OutputOf } from '../../../shared/contract.ts';
import { ListManager } from '../../list-manager.svelte.ts';
import { Resource, type Rpc } from '../../kit.ts';

export type Dependents = OutputOf<'adapters/dependents'>;
/** An adapter with what its experiment says of it. */
export interface ListedAdapter extends Adapter {
  dataName: string | null;
  accuracy: number | null;
}

/** Where adapters come from, as the list says it. */
export const originNames: Readonly<Record<Adapter['origin'], string>> = {
  experiment: 'trained here',
  imported: 'imported',
  merged: 'combined',
};

/** All adapters: searched, filtered, several chosen at once. */
export class AdapterListManager extends ListManager<ListedAdapter, 'model' | 'data' | 'origin'> {
  readonly #rpc: Rpc;

  /** `source`: the live list of experiments, which knows the data and the result of each. */
  constructor(rpc: Rpc, source: { readonly value: readonly Experiment[] | null }) {
    const adapters = new Resource(rpc, async () => (await rpc.call('adapters/list', {})).adapters, {
      'adapters/changed': true,
      'models/changed': true,
      'exports/removed': true,
    });
    const listed = (): ListedAdapter[] | null => {
      const experiments = new Map((source.value ?? []).map((experiment) => [experiment.id, experiment]));
      return (
        adapters.value?.map((adapter) => {
          const { dataName = null, metrics = null } = experiments.get(adapter.experimentId ?? '') ?? {};
          return { ...adapter, dataName, accuracy: metrics?.['accuracy'] ?? null };
        }) ?? null
      );
    };
    super(adapters, listed, {
      noun: 'adapter',
      words: (adapter) =>
        [adapter.name, adapter.modelName, adapter.dataName ?? '', adapter.peftType, adapter.origin].join(' '),
      filters: {
        model: { label: 'for', of: ({ modelName }) => modelName },
        data: { label: 'trained on', of: ({ dataName }) => dataName },
        origin: {
          label: 'that are',
          of: ({ origin }) => origin,
          name: (origin: Adapter['origin']) => originNames[origin],
          order: Object.keys(originNames),
        },
      },
      remove: (ids) => rpc.call('adapters/remove', { ids }),
      restore: (ids) => rpc.call('adapters/restore', { ids }),
    });
    this.#rpc = rpc;
  }

  /** What loses its source with them. Rejects with a RefusedError. */
  dependents(ids: string[]): Promise<Dependents> {
    return this.#rpc.call('adapters/dependents', { ids });
  }
}
