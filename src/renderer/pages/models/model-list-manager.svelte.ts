import type { HubModel, Model } from '../../../shared/contract/models.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';

const filters = ['all', 'trainable', 'labelled', 'unused', 'missing'] as const;
export type ModelFilter = (typeof filters)[number];
const passes: Record<ModelFilter, (model: Model) => boolean> = {
  all: () => true,
  trainable: ({ present, supported }) => present && supported,
  labelled: ({ headLabels }) => headLabels !== null,
  unused: ({ experiments }) => experiments === 0,
  missing: ({ present }) => !present,
};
const orders = ['newest', 'name', 'smallest', 'used'] as const;
export type ModelOrder = (typeof orders)[number];
const compare: Record<ModelOrder, (a: Model, b: Model) => number> = {
  newest: (a, b) => b.addedAt - a.addedAt,
  name: (a, b) => a.name.localeCompare(b.name),
  smallest: (a, b) => a.parameters - b.parameters,
  used: (a, b) => b.experiments - a.experiments,
};

const DEBOUNCE_MS = 250;
const PAGE = 20;

/** Models on this machine, copies in the Hugging Face cache, and what the hub has for the words typed. */
export class ModelListManager {
  readonly #rpc: Pick<RpcClient, 'call' | 'on'>;
  #models = $state.raw<Model[] | null>(null);
  #cached = $state.raw<HubModel[]>([]);
  #query = $state.raw('');
  #filter = $state.raw<ModelFilter>('all');
  #order = $state.raw<ModelOrder>('newest');
  #results = $state.raw<HubModel[]>([]);
  #total = $state.raw(0);
  #searching = $state.raw(false);
  #fault = $state.raw<FaultValue | null>(null);
  #hubFault = $state.raw<FaultValue | null>(null);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Pick<RpcClient, 'call' | 'on'>) {
    this.#rpc = rpc;
  }

  /** Null until the first answer. */
  get models(): Model[] | null {
    return this.#models;
  }
  get query(): string {
    return this.#query;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get hubFault(): FaultValue | null {
    return this.#hubFault;
  }
  get searching(): boolean {
    return this.#searching;
  }
  /** Whether the hub has further ones for the words. */
  get hasMore(): boolean {
    return this.#results.length > 0 && this.#results.length < this.#total;
  }

  get filter(): ModelFilter {
    return this.#filter;
  }
  get order(): ModelOrder {
    return this.#order;
  }
  /** By a filter's name; what is none shows all. */
  narrow(name: string): void {
    this.#filter = filters.find((filter) => filter === name) ?? 'all';
  }
  sort(name: string): void {
    this.#order = orders.find((order) => order === name) ?? 'newest';
  }

  /** On this machine and matching the words typed. */
  get here(): Model[] {
    return (this.#models ?? [])
      .filter(passes[this.#filter])
      .filter(({ name, architecture }) => this.#matches(`${name} ${architecture}`))
      .sort(compare[this.#order]);
  }
  /** Copies that Python left in its cache, not in the list yet. */
  get cached(): HubModel[] {
    return this.#cached.filter(({ hubId }) => this.#matches(hubId));
  }
  /** What the hub has beyond those. */
  get results(): HubModel[] {
    const known = new Set([
      ...(this.#models ?? []).map(({ hubId }) => hubId),
      ...this.#cached.map(({ hubId }) => hubId),
    ]);
    return this.#results.filter(({ hubId }) => !known.has(hubId));
  }

  /** Keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    return this.#rpc.on('models/changed', () => void this.read());
  }

  async read(): Promise<void> {
    try {
      this.#models = (await this.#rpc.call('models/list', {})).models;
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
      return;
    }
    // The cache is a convenience: a folder that cannot be read leaves the list as it is.
    const { models } = await this.#rpc.call('models/cached', {}).catch(() => ({ models: [] as HubModel[] }));
    this.#cached = models;
  }

  /** Takes models out of the list; their files stay. Rejects with the first RefusedError. */
  async remove(ids: readonly string[]): Promise<void> {
    try {
      for (const id of ids) await this.#rpc.call('models/remove', { id });
    } finally {
      await this.read();
    }
  }

  async restore(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#rpc.call('models/restore', { id });
    await this.read();
  }

  /** Filters what is here at once, and asks the hub after a pause; the answer to older words is dropped. */
  search(query: string): void {
    this.#query = query;
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.#hubFault = null;
    this.#searching = query.trim() !== '';
    if (!this.#searching) {
      this.#results = [];
      this.#total = 0;
      return;
    }
    this.#timer = setTimeout(() => void this.#ask(0), DEBOUNCE_MS);
  }

  /** The next results of the same words. */
  more(): void {
    if (!this.#searching && this.hasMore) void this.#ask(this.#results.length);
  }

  async #ask(offset: number): Promise<void> {
    const turn = this.#turn;
    this.#searching = true;
    try {
      const query = this.#query.trim();
      const { total, items } = await this.#rpc.call('models/search', { query, offset, limit: PAGE });
      if (turn !== this.#turn) return;
      this.#results = offset === 0 ? items : [...this.#results, ...items];
      this.#total = items.length === 0 ? this.#results.length : total;
      this.#hubFault = null;
    } catch (error) {
      if (turn === this.#turn) this.#hubFault = faultOf(error);
    } finally {
      if (turn === this.#turn) this.#searching = false;
    }
  }

  #matches(name: string): boolean {
    return name.toLowerCase().includes(this.#query.trim().toLowerCase());
  }
}
