import type { DatasetRow, FindingCode, InputOf } from '../../../shared/contract.ts';
import { faultOf, Resource, type Rpc } from '../../kit.ts';

type Filterable = 'query' | 'label' | 'split' | 'finding' | 'order';
export type RowFilter = Required<Pick<InputOf<'datasets/rows'>, Filterable>>;

export const noFilter: RowFilter = { query: '', label: null, split: null, finding: null, order: 'row' };

/** What the rows of a finding are called in a filter. */
export const findingNames: Record<FindingCode, string> = {
  duplicates: 'repeated texts',
  'near-duplicates': 'nearly the same texts',
  'conflicting-labels': 'one text under several labels',
  'empty-texts': 'empty texts',
  'odd-rows': 'odd rows',
  leaks: 'texts in several splits',
  labels: 'odd labels',
  'rare-classes': 'rare classes',
  imbalance: 'imbalance',
  truncation: 'cut texts',
};
export const findingCodes = Object.keys(findingNames) as FindingCode[];

const PAGE = 100;
/** 60 pages of 100 rows stay: enough to scroll back and forth, little enough for texts of 100 kB. */
const KEPT_PAGES = 60;
/** Typing fast asks once; a pause of this length asks at once. */
const DEBOUNCE_MS = 80;

/** How many rows the filter lets through, and those that are read, by page. */
interface FoundRows {
  total: number;
  pages: ReadonlyMap<number, DatasetRow[]>;
}

/** The rows of one version, read in pages as they come into view. `reading`: those shown belong to the filter before. */
export class RowsManager extends Resource<FoundRows> {
  readonly versionId: string;
  filter = $state.raw<RowFilter>(noFilter);
  /** Pages on their way, of the present filter. */
  #asked = new Set<number>();

  constructor(rpc: Rpc, versionId: string, filter: Partial<RowFilter> = {}) {
    super(rpc, async () => {
      const { total, items } = await this.#ask(0);
      return { total, pages: new Map([[0, items]]) };
    });
    this.versionId = versionId;
    this.filter = { ...noFilter, ...filter };
    void this.read();
  }

  /** Null until the first answer. */
  get total(): number | null {
    return this.value?.total ?? null;
  }
  /** A row of the filtered list; undefined until it is read. */
  at(index: number): DatasetRow | undefined {
    return this.value?.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Reads what is missing of the rows `first` to `last`. */
  ensure(first: number, last: number): void {
    if (this.total === null || this.reading) return;
    const end = Math.min(last, this.total - 1);
    for (let page = Math.floor(first / PAGE); page * PAGE <= end; page++) void this.#readPage(page);
  }

  /** A new filter; the rows before stay in view until the answer. Words are debounced, choices are not. */
  narrow(change: Partial<RowFilter>): void {
    this.filter = { ...this.filter, ...change };
    this.#asked = new Set();
    if (change.query === undefined) void this.replace();
    else this.replaceAfter(DEBOUNCE_MS);
  }

  async #readPage(page: number): Promise<void> {
    const asked = this.#asked;
    if (asked.has(page) || this.value?.pages.has(page)) return;
    asked.add(page);
    try {
      const { items } = await this.#ask(page);
      // Of another filter by now.
      if (asked !== this.#asked) return;
      this.patch(({ total, pages }) => ({ total, pages: withPage(pages, page, items) }));
    } catch (error) {
      const fault = faultOf(error);
      if (asked === this.#asked) this.fault = fault;
    } finally {
      asked.delete(page);
    }
  }

  #ask(page: number) {
    return this.rpc.call('datasets/rows', {
      ...this.filter,
      versionId: this.versionId,
      offset: page * PAGE,
      limit: PAGE,
    });
  }
}

/** The pages with one more; where there are too many, without the one farthest from it. */
function withPage(pages: FoundRows['pages'], page: number, items: DatasetRow[]): FoundRows['pages'] {
  const all = new Map([...pages, [page, items] as const]);
  const farthest = [...all.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page))[0]!;
  if (all.size > KEPT_PAGES) all.delete(farthest);
  return all;
}
