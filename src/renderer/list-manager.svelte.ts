import { Attempts, counted, distinct, hasWords, type Resource, toasts } from './kit.ts';

/** A filter of a list: an item passes where `of` is, or has, the value that is set. */
export interface ListFilter<Item> {
  /** As a sentence has it: "that are", "on"; absent: it is no chip, the page sets it itself. */
  label?: string;
  of: (item: Item) => string | null | readonly string[];
  /** What a value is called, where it is called otherwise; `items`: how many of the list have it. */
  name?(value: string, items: number): string;
  /** The values in their order; absent: in the order of the alphabet. Only those that occur are offered. */
  order?: readonly string[];
  /** Offers all of `order`, also those that do not occur. */
  fixed?: boolean;
}

export interface ListOptions<Item, Key extends string> {
  /** "adapter": what one item is called. */
  noun: string;
  /** What the words of a search are looked for in. */
  words: (item: Item) => string;
  filters: Readonly<Record<Key, ListFilter<Item>>>;
  /** Beside the filters: what is in the list at all at the moment. */
  where?: (item: Item) => boolean;
  remove?: Work;
  /** Undoes `remove`. */
  restore?: Work;
}

type Work = (ids: string[]) => Promise<unknown>;
/** One request after the other; the first that is refused ends it. */
export const inTurn =
  (request: (id: string) => Promise<unknown>): Work =>
  async (ids) => {
    for (const id of ids) await request(id);
  };

/**
 * A list as one looks at it: searched, filtered, several items chosen at once, removed with undo. `source` is what is
 * read, `items` what is listed of it (null until the first answer); ListPage.svelte shows it.
 */
export class ListManager<Item extends { id: string; name: string }, Key extends string> extends Attempts {
  readonly source: Pick<Resource<object>, 'fault' | 'read' | 'listen'>;
  readonly noun: string;
  /** '' is "any". */
  filters = $state({} as Record<Key | 'query', string>);
  chosen = $state.raw<ReadonlySet<string>>(new Set());
  readonly #items: () => readonly Item[] | null;
  readonly #list: ListOptions<Item, Key>;

  constructor(
    source: Pick<Resource<object>, 'fault' | 'read' | 'listen'>,
    items: () => readonly Item[] | null,
    list: ListOptions<Item, Key>,
  ) {
    super();
    this.source = source;
    this.noun = list.noun;
    this.#items = items;
    this.#list = list;
    this.clearFilters();
  }

  /** Null until the first answer. */
  readonly items = $derived.by(() => this.#items());
  readonly shown = $derived.by(() => (this.items ?? []).filter((item) => this.#passes(item)));
  /** The chosen ones that the filters show. */
  readonly picked = $derived.by(() => this.shown.filter(({ id }) => this.chosen.has(id)));
  /** The values that each filter can be set to. */
  readonly options = $derived.by(() => {
    const options = {} as Record<Key, readonly string[]>;
    for (const key of this.#keys) {
      const { of, order, fixed = false } = this.#list.filters[key];
      const found = distinct((this.items ?? []).flatMap((item) => of(item) ?? []));
      options[key] = order?.filter((value) => fixed || found.includes(value)) ?? found;
    }
    return options;
  });
  /** The filters as FilterChips shows them. */
  readonly chips = $derived.by(() =>
    this.#keys.flatMap((key) => {
      const filter = this.#list.filters[key];
      if (filter.label === undefined) return [];
      const options = this.options[key].map((value) => ({
        value,
        label: filter.name?.(value, this.count(key, value)) ?? value,
      }));
      return [{ key, label: filter.label, value: this.filters[key], options }];
    }),
  );

  /** How many items have a value of a filter. */
  count(key: Key, value: string): number {
    return (this.items ?? []).filter((item) => this.#has(item, key, value)).length;
  }
  clearFilters(): void {
    for (const key of [...this.#keys, 'query'] as const) this.filters[key] = '';
  }
  /** "3 adapters", or the name where it is one. */
  nameOf(ids: readonly string[]): string {
    const [item] = ids.length === 1 ? (this.items ?? []).filter(({ id }) => id === ids[0]) : [];
    return item?.name ?? counted(ids.length, this.noun);
  }

  /** Says what was removed; with `restore` it can be undone. Where one is refused, what went before it is gone. */
  async remove(
    ids: readonly string[],
    { text = `${this.nameOf(ids)} removed.`, by = this.#list.remove }: { text?: string; by?: Work } = {},
  ): Promise<void> {
    await this.attempt(async () => {
      try {
        await by?.([...ids]);
        this.chosen = new Set([...this.chosen].filter((id) => !ids.includes(id)));
      } finally {
        await this.source.read();
      }
      toasts.show(text, this.#list.restore && (() => this.restore(ids)));
    });
  }
  async restore(ids: readonly string[]): Promise<void> {
    await this.attempt(async () => {
      await this.#list.restore?.([...ids]);
      await this.source.read();
    });
  }

  get #keys(): Key[] {
    return Object.keys(this.#list.filters) as Key[];
  }
  #has(item: Item, key: Key, value: string): boolean {
    const found = this.#list.filters[key].of(item);
    return typeof found === 'string' ? found === value : (found?.includes(value) ?? false);
  }
  #passes(item: Item): boolean {
    const { where, words } = this.#list;
    if (where && !where(item)) return false;
    const passes = this.#keys.every(
      (key) => this.filters[key] === '' || this.#has(item, key, this.filters[key]),
    );
    return passes && hasWords(words(item), this.filters.query);
  }
}
