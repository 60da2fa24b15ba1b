import { untrack } from 'svelte';
import type { EventName, EventOf, FaultValue } from '../shared/contract.ts';
import { faultOf } from '../shared/rpc-client.ts';
import type { Rpc } from './rpc.ts';

/**
 * What a person asks for: `attempt` does it; `busy` while it is done, `refused` why it was not.
 * Resolves to the work's result, or to undefined where it was refused; a defect is thrown on.
 */
export class Attempts {
  refused = $state.raw<FaultValue | null>(null);
  /** What is being done, in a word. */
  doing = $state<string | null>(null);
  get busy(): boolean {
    return this.doing !== null;
  }

  async attempt<Result>(work: () => Promise<Result>, doing = 'work'): Promise<Result | undefined> {
    this.refused = null;
    this.doing = doing;
    try {
      return await work();
    } catch (error) {
      this.refused = faultOf(error);
      return undefined;
    } finally {
      this.doing = null;
    }
  }
}

/** By event: `true` reads anew; of a function `true` reads anew, and an object is the value from now on. */
type Follow<Value> = {
  [Name in EventName]?:
    true | ((data: EventOf<Name>, value: Value | null) => boolean | Value | null | undefined);
};

/**
 * A value of the backend, live: `read` reads it, `listen` reads it and then follows events, `replace` reads another
 * one at once. What fails is in `fault`; the value of before stays. Use it as it is, or extend it by what can be done.
 */
export class Resource<Value extends object> extends Attempts {
  /** Null until the first answer. */
  value = $state.raw<Value | null>(null);
  fault = $state.raw<FaultValue | null>(null);
  reading = $state(false);
  protected readonly rpc: Rpc;
  readonly #load: () => Promise<Value | null>;
  readonly #follow: Follow<Value>;
  #turn = 0;
  #again = false;
  #running: Promise<void> | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;
  /** What events changed while it was read: done to the answer too, which may be older than they are. */
  #missed: ((value: Value | null) => Value | null)[] = [];

  constructor(rpc: Rpc, load: () => Promise<Value | null>, follow: Follow<Value> = {}) {
    super();
    this.rpc = rpc;
    this.#load = load;
    this.#follow = follow;
  }

  /** Asked for while it reads, it reads once more after that, however often it was asked. */
  read(): Promise<void> {
    this.#again = true;
    return (this.#running ??= this.#run(++this.#turn));
  }

  /** Reads at once, for what `load` asks for has changed: an answer to what it asked for before is dropped. */
  replace(): Promise<void> {
    this.#drop();
    return this.read();
  }
  /** The same after a pause in typing, which begins anew when it is asked for again. */
  replaceAfter(milliseconds: number): void {
    this.#drop();
    this.reading = true;
    this.#pause = setTimeout(() => void this.read(), milliseconds);
  }
  /** As before the first answer. */
  clear(): void {
    this.#drop();
    this.value = this.fault = null;
    this.reading = false;
  }

  /** What is done with each answer that counts. */
  protected taken(_: Value): void {}

  /** Changes the value in place; nothing where there is none yet. */
  patch(change: (value: Value) => Value): void {
    this.#change((value) => value && change(value));
  }

  /** Reads it and keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    const ends = [
      this.rpc.on('system/restarted', () => void this.read()),
      ...(Object.keys(this.#follow) as EventName[]).map((name) => this.#on(name, this.#follow[name])),
    ];
    return () => ends.forEach((end) => end());
  }

  #on<Name extends EventName>(name: Name, follow: Follow<Value>[Name]): () => void {
    return this.rpc.on(name, (data) => {
      if (typeof follow !== 'function') return void this.read();
      this.#change((value) => {
        const found = follow(data, value);
        if (found === true) void this.read();
        return typeof found === 'object' ? found : value;
      });
    });
  }

  #change(change: (value: Value | null) => Value | null): void {
    if (this.reading) this.#missed.push(change);
    this.value = change(this.value);
  }

  #drop(): void {
    clearTimeout(this.#pause);
    this.#turn++;
    this.#again = false;
    this.#running = null;
  }

  async #run(turn: number): Promise<void> {
    this.reading = true;
    try {
      while (this.#again && turn === this.#turn) {
        this.#again = false;
        this.#missed = [];
        await this.#once(turn);
      }
    } finally {
      if (turn === this.#turn) {
        this.reading = false;
        this.#running = null;
      }
    }
  }

  async #once(turn: number): Promise<void> {
    try {
      // What it asks for is no reason for an effect to read it again.
      const answer = await untrack(this.#load);
      if (turn !== this.#turn) return;
      this.value = this.#missed.reduce<Value | null>((value, change) => change(value), answer);
      this.fault = null;
      if (this.value !== null) this.taken(this.value);
    } catch (error) {
      const fault = faultOf(error);
      if (turn === this.#turn) this.fault = fault;
    }
  }
}

/** A list read in pages: `read` and `replace` read the first, `more` the next one of the same. */
export class Pages<Page extends { items: readonly unknown[]; total: number }> extends Resource<Page> {
  #before: Page['items'] = [];

  constructor(rpc: Rpc, load: (offset: number) => Promise<Page>, follow: Follow<Page> = {}) {
    super(
      rpc,
      async () => {
        const before = this.#before;
        this.#before = [];
        const page = await load(before.length);
        return { ...page, items: [...before, ...page.items] };
      },
      follow,
    );
  }

  get hasMore(): boolean {
    return this.value !== null && this.value.items.length < this.value.total;
  }
  more(): Promise<void> {
    this.#before = this.value?.items ?? [];
    return this.replace();
  }
}

/** A list with one item as it is now: in its old position, or first (`last`: at the end) where it is new. */
export function withChanged<Item extends { id: string }>(
  all: readonly Item[],
  changed: Item,
  last = false,
): readonly Item[] {
  if (all.some(({ id }) => id === changed.id))
    return all.map((item) => (item.id === changed.id ? changed : item));
  return last ? [...all, changed] : [changed, ...all];
}
