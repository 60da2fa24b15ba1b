import type { InputOf } from '../../../shared/contract.ts';
import type { DatasetRow, DatasetVersion } from '../../../shared/contract/datasets.ts';
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

/** The rows of one version: read in pages as they come into view, with the labels corrected but not saved yet. */
export class RowsManager {
  readonly versionId: string;
  readonly #rpc: Pick<RpcClient, 'call'>;
  #filter = $state.raw<RowFilter>(noFilter);
  #total = $state.raw<number | null>(null);
  #pages = $state.raw<ReadonlyMap<number, DatasetRow[]>>(new Map());
  #fault = $state.raw<FaultValue | null>(null);
  #searching = $state.raw(false);
  #changes = $state.raw<ReadonlyMap<number, string>>(new Map());
  #past: ReadonlyMap<number, string>[] = [];
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
  /** Corrected labels by row, not saved yet. */
  get changes(): ReadonlyMap<number, string> {
    return this.#changes;
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

  labelOf(row: DatasetRow): string {
    return this.#changes.get(row.row) ?? row.label;
  }

  /** Corrects a label; back to the stored one takes the correction away. */
  relabel(row: DatasetRow, label: string): void {
    if (label === this.labelOf(row)) return;
    this.#past = [...this.#past, this.#changes];
    const changes = new Map(this.#changes);
    if (label === row.label) changes.delete(row.row);
    else changes.set(row.row, label);
    this.#changes = changes;
  }

  /** Takes the last correction back. */
  undo(): void {
    const before = this.#past.at(-1);
    if (!before) return;
    this.#past = this.#past.slice(0, -1);
    this.#changes = before;
  }

  discard(): void {
    if (this.#changes.size === 0) return;
    this.#past = [...this.#past, this.#changes];
    this.#changes = new Map();
  }

  /** Stores the corrections as a new version. Rejects with a RefusedError; the corrections stay then. */
  async save(): Promise<DatasetVersion> {
    const changes = [...this.#changes].map(([row, label]) => ({ row, label }));
    const { version } = await this.#rpc.call('datasets/relabel', { versionId: this.versionId, changes });
    this.#changes = new Map();
    this.#past = [];
    return version;
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
