import type { InputOf, OutputOf } from '../../../shared/contract.ts';
import type { Disagreement, DisagreementFilter } from '../../../shared/contract/compare.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';

/** Which rows are looked at. */
export type BrowseChoice = Required<
  Pick<InputOf<'compare/disagreements'>, 'rightId' | 'wrongId' | 'expected' | 'predicted' | 'query'>
> & { filter: DisagreementFilter };
type Page = OutputOf<'compare/disagreements'>;

/** Cards on a page: few enough to draw at once, however many rows there are. */
export const PAGE = 50;
const anything: BrowseChoice = {
  filter: 'all',
  rightId: null,
  wrongId: null,
  expected: null,
  predicted: null,
  query: '',
};
/** So many cards before the end of a page the next one is read: a walk goes on without a wait. */
const AHEAD = 15;
/** Typing fast asks once. */
const DEBOUNCE_MS = 120;

/** The rows that runs answered, a page at a time, with one of them active. */
export class DisagreementManager {
  readonly ids: readonly string[];
  readonly #rpc: Pick<RpcClient, 'call'>;
  #choice = $state.raw<BrowseChoice>(anything);
  #read = $state.raw<Page | null>(null);
  #number = $state.raw(0);
  #active = $state(0);
  #searching = $state(true);
  #fault = $state.raw<FaultValue | null>(null);
  /** What was asked last, answered or refused: the page, and the card on it that becomes active. */
  #asked: readonly [page: number, active: 'first' | 'last'] = [0, 'first'];
  /** Answers to an older question are dropped. */
  #turn = 0;
  /** The page shown and its neighbours, by number: rows and answers do not change. */
  readonly #pages = new Map<number, Promise<Page>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Pick<RpcClient, 'call'>, ids: readonly string[], choice: Partial<BrowseChoice> = {}) {
    this.#rpc = rpc;
    this.ids = ids;
    const cell = choice.expected != null || choice.predicted != null;
    this.#choice = {
      ...anything,
      filter: cell ? 'all' : ids.length > 1 ? 'differ' : 'all-wrong',
      rightId: ids[0] ?? null,
      wrongId: ids[1] ?? null,
      ...choice,
    };
    void this.#ask(0, 'first');
  }

  get choice(): BrowseChoice {
    return this.#choice;
  }
  /** Null until the first answer. */
  get page(): Page | null {
    return this.#read;
  }
  /** The page's number, from 0. */
  get number(): number {
    return this.#number;
  }
  get pages(): number {
    return Math.ceil((this.#read?.total ?? 0) / PAGE);
  }
  /** The place of the active card on its page. */
  get active(): number {
    return this.#active;
  }
  get current(): Disagreement | undefined {
    return this.#read?.items[this.#active];
  }
  /** What is shown still belongs to the question before. */
  get searching(): boolean {
    return this.#searching;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  /** Other rows, from the first; those before stay in view until the answer. Words are debounced. */
  narrow(change: Partial<BrowseChoice>): void {
    this.#choice = { ...this.#choice, ...change };
    this.#searching = true;
    this.#pages.clear();
    this.#asked = [0, 'first'];
    clearTimeout(this.#timer);
    if (change.query === undefined) void this.#ask(0, 'first');
    else this.#timer = setTimeout(() => void this.#ask(0, 'first'), DEBOUNCE_MS);
  }

  activate(place: number): void {
    this.#active = place;
  }

  /** To the next (1) or the one before (-1), over the ends of a page. Resolves when it is there. */
  async move(step: 1 | -1): Promise<void> {
    const next = this.#active + step;
    const shown = this.#read?.items.length ?? 0;
    if (next >= shown - AHEAD && this.#number + 1 < this.pages && !this.#searching)
      this.#fetch(this.#number + 1).catch(() => undefined);
    if (next >= 0 && next < shown) this.#active = next;
    else if (next < 0 && this.#number > 0) await this.#ask(this.#number - 1, 'last');
    else if (next >= shown && this.#number + 1 < this.pages) await this.#ask(this.#number + 1, 'first');
  }

  /** Makes the card of a row active, where it is on this page. */
  find(row: number): void {
    const place = this.#read?.items.findIndex((one) => one.row.row === row) ?? -1;
    if (place >= 0) this.#active = place;
  }

  turn(number: number): Promise<void> {
    return this.#ask(Math.min(Math.max(0, number), Math.max(0, this.pages - 1)), 'first');
  }
  /** Asks again after a fault. */
  retry(): Promise<void> {
    return this.#ask(...this.#asked);
  }

  async #ask(number: number, active: 'first' | 'last'): Promise<void> {
    const turn = ++this.#turn;
    this.#asked = [number, active];
    this.#searching = true;
    try {
      const page = await this.#fetch(number);
      if (turn !== this.#turn) return;
      this.#read = page;
      this.#number = number;
      this.#active = active === 'first' ? 0 : Math.max(0, page.items.length - 1);
      this.#fault = null;
    } catch (error) {
      const fault = faultOf(error);
      if (turn === this.#turn) this.#fault = fault;
    } finally {
      if (turn === this.#turn) this.#searching = false;
    }
  }
  #fetch(number: number): Promise<Page> {
    const known = this.#pages.get(number);
    if (known) return known;
    const asked = this.#rpc.call('compare/disagreements', {
      ids: [...this.ids],
      ...this.#choice,
      offset: number * PAGE,
      limit: PAGE,
    });
    for (const other of [...this.#pages.keys()]) if (Math.abs(other - number) > 1) this.#pages.delete(other);
    this.#pages.set(number, asked);
    // What was refused is asked again the next time.
    asked.catch(() => this.#pages.get(number) === asked && this.#pages.delete(number));
    return asked;
  }
}
