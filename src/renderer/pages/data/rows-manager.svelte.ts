import type { InputOf } from '../../../shared/contract.ts';
import type { DatasetRow } from '../../../shared/contract/datasets.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';

type Filterable = 'query' | 'label' | 'split' | 'finding' | 'order';
export type RowFilter = Required<Pick<InputOf<'datasets/rows'>, Filterable>>;

export const noFilter: RowFilter = { query: '', label: null, split: null, finding: null, order: 'row' };

const PAGE = 100;
/** 60 pages of 100 rows stay: enough to scroll back and forth, little enough for texts of 100 kB. */
const KEPT_PAGES = 60;
/** Typing fast asks once; a pause of this length asks at once. */
const DEBOUNCE_MS = 80;

/** The rows of one version: read in pages as they come into view. */
export class RowsManager {
  readonly versionId: string;
  readonly #rpc: Pick<RpcClient, 'call'>;
  #filter = $state.raw<RowFilter>(noFilter);
  #total = $state.raw<number | null>(null);
  #pages = $state.raw<ReadonlyMap<number, DatasetRow[]>>(new Map());
  #fault = $state.raw<FaultValue | null>(null);
  #searching = $state.raw(false);
  #asked = new Set<number>();
  /** Answers to a filter that is not the present one are dropped. */
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Pick<RpcClient, 'call'>, versionId: string, filter: Partial<RowFilter> = {}) {
    this.#rpc = rpc;
    this.versionId = versionId;
    this.#filter = { ...noFilter, ...filter };
    void this.#start();
  }

  get filter(): RowFilter {
    return this.#filter;
  }
  /** Rows that the filter lets through; null until the first answer. */
  get total(): number | null {
    return this.#total;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** The rows shown still belong to the filter before. */
  get searching(): boolean {
    return this.#searching;
  }

  /** The row at a place of the filtered list; undefined until it is read. */
  at(place: number): DatasetRow | undefined {
    return this.#pages.get(Math.floor(place / PAGE))?.[place % PAGE];
  }

  /** Reads what is missing of the places `first` to `last`. */
  ensure(first: number, last: number): void {
    if (this.#total === null || this.#searching) return;
    const end = Math.min(last, this.#total - 1);
    for (let page = Math.floor(first / PAGE); page * PAGE <= end; page++) void this.#read(page);
  }

  /** A new filter; the rows before stay in view until the answer. Words are debounced, choices are not. */
  narrow(change: Partial<RowFilter>): void {
    this.#filter = { ...this.#filter, ...change };
    this.#searching = true;
    clearTimeout(this.#timer);
    if (change.query === undefined) void this.#start();
    else this.#timer = setTimeout(() => void this.#start(), DEBOUNCE_MS);
  }

  /** Asks again after a fault. */
  retry(): void {
    void this.#start();
  }

  async #start(): Promise<void> {
    const turn = ++this.#turn;
    this.#searching = true;
    try {
      const first = await this.#ask(0);
      if (turn !== this.#turn) return;
      this.#fault = null;
      this.#asked = new Set([0]);
      this.#pages = new Map([[0, first.items]]);
      this.#total = first.total;
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
    } finally {
      if (turn === this.#turn) this.#searching = false;
    }
  }

  async #read(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    const turn = this.#turn;
    this.#asked.add(page);
    try {
      const { items } = await this.#ask(page);
      if (turn !== this.#turn) return;
      const pages = new Map([...this.#pages, [page, items] as const]);
      while (pages.size > KEPT_PAGES) this.#forget(pages, page);
      this.#pages = pages;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#asked.delete(page);
      this.#refused(error);
    }
  }

  #ask(page: number) {
    return this.#rpc.call('datasets/rows', {
      ...this.#filter,
      versionId: this.versionId,
      offset: page * PAGE,
      limit: PAGE,
    });
  }

  /** Drops the page farthest from the one just read. */
  #forget(pages: Map<number, DatasetRow[]>, near: number): void {
    const farthest = [...pages.keys()].sort((a, b) => Math.abs(b - near) - Math.abs(a - near))[0];
    if (farthest === undefined) return;
    pages.delete(farthest);
    this.#asked.delete(farthest);
  }

  #refused(error: unknown): void {
    this.#fault = faultOf(error);
  }
}
