import type { Export } from '../../../shared/contract/exports.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';
import { different, hasWords } from '../../words.ts';
import { stateOf, targetOrder, targetWords } from './export-words.ts';

/** '' is "any". */
interface ExportFilters {
  query: string;
  state: string;
  target: string;
  model: string;
}
const noFilters: ExportFilters = { query: '', state: '', target: '', model: '' };

/** All exports, live: searched, filtered, several chosen at once. */
export class ExportListManager {
  readonly #rpc: Rpc;
  #exports = $state.raw<readonly Export[] | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #chosen = $state.raw<ReadonlySet<string>>(new Set());
  filters = $state<ExportFilters>({ ...noFilters });

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Null until the first answer. */
  get exports(): readonly Export[] | null {
    return this.#exports;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  readonly shown = $derived.by(() => (this.#exports ?? []).filter((one) => passes(one, this.filters)));
  /** The values that each filter can be set to. */
  readonly options = $derived.by(() => {
    const all = this.#exports ?? [];
    return {
      state: [...new Set(all.map(stateOf))],
      target: targetOrder.filter((target) =>
        all.some(({ targets }) => targets.some((one) => one.target === target)),
      ),
      model: different(all.map(({ modelName }) => modelName)),
    };
  });
  /** The chosen ones that the filters show. */
  readonly picked = $derived.by(() => this.shown.filter(({ id }) => this.#chosen.has(id)));
  choose(ids: ReadonlySet<string>): void {
    this.#chosen = ids;
  }
  clearFilters(): void {
    this.filters = { ...noFilters };
  }

  /** Keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    const ends = [
      this.#rpc.on('exports/changed', (changed) => {
        const known = this.#exports?.some(({ id }) => id === changed.id) ?? false;
        if (!this.#exports) return;
        this.#exports = known
          ? this.#exports.map((one) => (one.id === changed.id ? changed : one))
          : [changed, ...this.#exports];
      }),
      this.#rpc.on('exports/removed', ({ id }) => {
        this.#exports = this.#exports?.filter((one) => one.id !== id) ?? null;
      }),
      this.#rpc.on('system/restarted', () => void this.read()),
    ];
    return () => ends.forEach((end) => end());
  }

  async read(): Promise<void> {
    try {
      this.#exports = (await this.#rpc.call('exports/list', {})).exports;
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  /** With `files` what they wrote goes too. Rejects with the first RefusedError; what went before it is gone. */
  async remove(ids: readonly string[], files: boolean): Promise<void> {
    try {
      for (const id of ids) await this.#rpc.call('exports/remove', { id, files });
      this.#chosen = new Set();
    } finally {
      await this.read();
    }
  }
}

function passes(one: Export, { query, state, target, model }: ExportFilters): boolean {
  if (state !== '' && stateOf(one) !== state) return false;
  if (target !== '' && !one.targets.some((made) => made.target === target)) return false;
  if (model !== '' && one.modelName !== model) return false;
  const names = one.targets.map((made) => targetWords[made.target].name);
  const words = [one.name, one.modelName, one.folder, ...names].join(' ');
  return hasWords(words, query);
}
