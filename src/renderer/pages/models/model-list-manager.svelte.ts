import type { HubModel, Model } from '../../../shared/contract.ts';
import { inTurn, ListManager } from '../../list-manager.svelte.ts';
import { Pages, Resource, type Rpc } from '../../kit.ts';

const orders: Readonly<Record<string, (a: Model, b: Model) => number>> = {
  newest: (a, b) => b.addedAt - a.addedAt,
  name: (a, b) => a.name.localeCompare(b.name),
  smallest: (a, b) => a.parameters - b.parameters,
  used: (a, b) => b.experiments - a.experiments,
};
const filterNames: Readonly<Record<string, string>> = {
  trainable: 'what can be trained',
  labelled: 'with labels of its own',
  unused: 'not used yet',
  missing: 'missing folders',
};

const DEBOUNCE_MS = 250;
const PAGE = 20;

/** Models on this machine, copies in the Hugging Face cache, and what the hub has for the words typed. */
export class ModelListManager extends ListManager<Model, 'show'> {
  order = $state('newest');
  readonly hub: Pages<{ items: HubModel[]; total: number }>;
  readonly #cached: Resource<HubModel[]>;

  constructor(rpc: Rpc) {
    const models = new Resource(
      rpc,
      async () => {
        const { models } = await rpc.call('models/list', {});
        // The cache is a convenience: a folder that cannot be read leaves the list as it is.
        void this.#cached.read();
        return models;
      },
      { 'models/changed': true },
    );
    super(models, () => models.value, {
      noun: 'model',
      words: ({ name, architecture }) => `${name} ${architecture}`,
      filters: {
        show: {
          label: 'Show',
          of: ({ present, supported, headLabels, experiments }) => [
            ...(present && supported ? ['trainable'] : []),
            ...(headLabels === null ? [] : ['labelled']),
            ...(experiments === 0 ? ['unused'] : []),
            ...(present ? [] : ['missing']),
          ],
          name: (value) => filterNames[value] ?? value,
          order: Object.keys(filterNames),
          fixed: true,
        },
      },
      remove: inTurn((id) => rpc.call('models/remove', { id })),
      restore: inTurn((id) => rpc.call('models/restore', { id })),
    });
    this.#cached = new Resource(rpc, async () => (await rpc.call('models/cached', {})).models);
    this.hub = new Pages(rpc, async (offset) => {
      const page = await rpc.call('models/search', { query: this.#query, offset, limit: PAGE });
      return page.items.length === 0 ? { ...page, total: offset } : page;
    });
  }

  /** On this machine and matching the words typed. */
  readonly here = $derived.by(() => this.shown.toSorted(orders[this.order]));
  /** Copies that Python left in its cache, not in the list yet. */
  get cached(): HubModel[] {
    return (this.#cached.value ?? []).filter(({ hubId }) =>
      hubId.toLowerCase().includes(this.#query.toLowerCase()),
    );
  }
  /** What the hub has beyond those. */
  get results(): HubModel[] {
    const known = new Set([...(this.items ?? []), ...(this.#cached.value ?? [])].map(({ hubId }) => hubId));
    return this.#query === '' ? [] : (this.hub.value?.items ?? []).filter(({ hubId }) => !known.has(hubId));
  }

  /** Filters what is here at once, and asks the hub after a pause; the answer to older words is dropped. */
  search(query: string): void {
    this.filters.query = query;
    if (this.#query === '') this.hub.clear();
    else this.hub.replaceAfter(DEBOUNCE_MS);
  }

  get #query(): string {
    return this.filters.query.trim();
  }
}
