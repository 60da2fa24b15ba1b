import type { Disagreement, DisagreementFilter, InputOf, OutputOf } from '../../../shared/contract.ts';
import { Resource, type Rpc } from '../../kit.ts';

/** Which rows are looked at. */
export type BrowseChoice = Required<
  Pick<InputOf<'compare/disagreements'>, 'rightId' | 'wrongId' | 'expected' | 'predicted' | 'query'>
> & { filter: DisagreementFilter };
type Answer = OutputOf<'compare/disagreements'>;
/** `number`: the page's, from 0. */
export type DisagreementPage = Answer & { number: number };

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

/** The rows that runs answered, a page at a time, with one of them active. `reading`: what is shown belongs to the question before. */
export class DisagreementManager extends Resource<DisagreementPage> {
  readonly ids: readonly string[];
  choice = $state.raw<BrowseChoice>(anything);
  /** The card of the page that keys act on. */
  active = $state(0);
  /** What was asked last, answered or refused: the page, and whether its last card becomes active. */
  #asked = { number: 0, last: false };
  /** The page shown and its neighbours, by number: rows and answers do not change. */
  readonly #pages = new Map<number, Promise<Answer>>();

  constructor(rpc: Rpc, ids: readonly string[], choice: Partial<BrowseChoice> = {}) {
    super(rpc, async () => {
      const { number } = this.#asked;
      return { ...(await this.#fetch(number)), number };
    });
    this.ids = ids;
    const cell = choice.expected != null || choice.predicted != null;
    this.choice = {
      ...anything,
      filter: cell ? 'all' : ids.length > 1 ? 'differ' : 'all-wrong',
      rightId: ids[0] ?? null,
      wrongId: ids[1] ?? null,
      ...choice,
    };
    void this.read();
  }

  protected override taken({ items }: DisagreementPage): void {
    this.active = this.#asked.last ? Math.max(0, items.length - 1) : 0;
  }

  /** The number of the page shown. */
  get number(): number {
    return this.value?.number ?? 0;
  }
  get pages(): number {
    return Math.ceil((this.value?.total ?? 0) / PAGE);
  }
  get current(): Disagreement | undefined {
    return this.value?.items[this.active];
  }

  /** Other rows, from the first; those before stay in view until the answer. Words are debounced. */
  narrow(change: Partial<BrowseChoice>): void {
    this.choice = { ...this.choice, ...change };
    this.#pages.clear();
    this.#asked = { number: 0, last: false };
    if (change.query === undefined) void this.replace();
    else this.replaceAfter(DEBOUNCE_MS);
  }

  /** To the next (1) or the one before (-1), over the ends of a page. Resolves when it is there. */
  async move(step: 1 | -1): Promise<void> {
    const next = this.active + step;
    const shown = this.value?.items.length ?? 0;
    if (next >= shown - AHEAD && this.number + 1 < this.pages && !this.reading)
      this.#fetch(this.number + 1).catch(() => undefined);
    if (next >= 0 && next < shown) this.active = next;
    else if (next < 0 && this.number > 0) await this.#ask(this.number - 1, true);
    else if (next >= shown && this.number + 1 < this.pages) await this.#ask(this.number + 1);
  }

  /** Makes the card of a row active, where it is on this page. */
  find(row: number): void {
    const at = this.value?.items.findIndex((item) => item.row.row === row) ?? -1;
    if (at >= 0) this.active = at;
  }

  turn(number: number): Promise<void> {
    return this.#ask(Math.min(Math.max(0, number), Math.max(0, this.pages - 1)));
  }

  #ask(number: number, last = false): Promise<void> {
    this.#asked = { number, last };
    return this.replace();
  }
  #fetch(number: number): Promise<Answer> {
    const known = this.#pages.get(number);
    if (known) return known;
    const asked = this.rpc.call('compare/disagreements', {
      ids: [...this.ids],
      ...this.choice,
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
