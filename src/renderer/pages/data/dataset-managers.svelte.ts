import type {
  Dataset,
  DatasetReport,
  DatasetVersion,
  FaultValue,
  Model,
  OutputOf,
  TokenLengths,
} from '../../../shared/contract.ts';
import { faultOf, Resource, type Rpc } from '../../kit.ts';
import { withData } from '../../forms/spec-choice.ts';
import { changeDraft } from '../../forms/window-draft.ts';
import { inTurn, ListManager } from '../../list-manager.svelte.ts';

/** What the list of data sets can be narrowed to; a data set may be several of them. */
const uses = {
  used: { label: 'used by experiments', holds: ({ latest }: Dataset) => latest.experiments > 0 },
  unused: { label: 'not used yet', holds: ({ latest }: Dataset) => latest.experiments === 0 },
  split: { label: 'with splits', holds: ({ latest }: Dataset) => latest.splits.length > 1 },
  missing: { label: 'missing files', holds: ({ latest }: Dataset) => !latest.present },
};
const useNames = Object.keys(uses) as (keyof typeof uses)[];

/** All data sets: searched and filtered. */
export class DatasetListManager extends ListManager<Dataset, 'use'> {
  constructor(rpc: Rpc) {
    const datasets = new Resource(rpc, async () => (await rpc.call('datasets/list', {})).datasets, {
      'datasets/changed': true,
    });
    super(datasets, () => datasets.value, {
      noun: 'data set',
      words: ({ name, source }) => `${name} ${source}`,
      filters: {
        use: {
          label: 'Show',
          of: (dataset) => useNames.filter((name) => uses[name].holds(dataset)),
          name: (name: keyof typeof uses, items) => `${uses[name].label} (${items})`,
          order: useNames,
          fixed: true,
        },
      },
      remove: inTurn((id) => rpc.call('datasets/remove', { id })),
      restore: inTurn((id) => rpc.call('datasets/restore', { id })),
    });
  }
}

/** One data set with its versions, and which of them is looked at. */
export class DatasetManager extends Resource<OutputOf<'datasets/read'>> {
  readonly id: string;
  #chosen = $state.raw<string | null>(null);

  constructor(rpc: Rpc, id: string) {
    super(rpc, () => rpc.call('datasets/read', { id }), {
      'datasets/changed': (changed) => changed.id === null || changed.id === id,
    });
    this.id = id;
  }

  get dataset(): Dataset | null {
    return this.value?.dataset ?? null;
  }
  /** Newest first. */
  readonly versions = $derived.by(() => (this.value?.versions ?? []).toSorted((a, b) => b.number - a.number));
  /** The one chosen, else the latest. */
  get version(): DatasetVersion | null {
    return this.versions.find(({ id }) => id === this.#chosen) ?? this.dataset?.latest ?? null;
  }

  /** Null: the latest, also when newer ones come. */
  choose(versionId: string | null): void {
    this.#chosen = versionId;
  }

  async rename(name: string): Promise<void> {
    await this.rpc.call('datasets/rename', { id: this.id, name });
    await this.read();
  }

  /** Puts the version into the draft of the next experiment, with its splits where their names speak. */
  async useInDraft(version: DatasetVersion): Promise<void> {
    await changeDraft(this.rpc, (draft) => {
      const before = this.versions.find(({ id }) => id === draft.versionId) ?? null;
      return withData(draft, version, before).draft;
    });
  }
}

/** Up to this many rows the token lengths are counted without being asked for. */
const COUNT_UNASKED = 100_000;
/** A length typed digit by digit asks once. */
const DEBOUNCE_MS = 300;

/** The report of one version, with token lengths once a tokenizer is known. */
export class ReportManager extends Resource<DatasetReport> {
  readonly versionId: string;
  readonly rows: number;
  lengths = $state.raw<TokenLengths | null>(null);
  /** Models on this machine whose tokenizer can be asked. */
  models = $state.raw<Model[]>([]);
  modelId = $state.raw<string | null>(null);
  /** As typed; null: the model's own limit. */
  maxLength = $state.raw<number | null>(null);
  lengthsFault = $state.raw<FaultValue | null>(null);
  counting = $state.raw(false);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Rpc, { id, rows }: Pick<DatasetVersion, 'id' | 'rows'>) {
    // One with lengths that came meanwhile says more.
    super(rpc, async () => {
      const report = await rpc.call('datasets/report', { versionId: id });
      return this.value ?? report;
    });
    this.versionId = id;
    this.rows = rows;
  }

  /** The report, and at the same time the lengths by the first model's tokenizer where that is quick. */
  async open(): Promise<void> {
    await Promise.all([this.read(), this.#countUnasked()]);
  }

  async #countUnasked(): Promise<void> {
    const { models } = await this.rpc.call('models/list', {}).catch(() => ({ models: [] as Model[] }));
    this.models = models.filter(({ present }) => present);
    const first = this.models[0];
    if (first && this.modelId === null && this.rows <= COUNT_UNASKED) await this.countWith(first.id);
  }

  /** Counts tokens with a model's tokenizer. */
  async countWith(modelId: string): Promise<void> {
    this.modelId = modelId;
    await this.#count();
  }

  /** Where texts are cut. Values under 3 wait for more digits. */
  cutAt(maxLength: number | null): void {
    this.maxLength = maxLength;
    clearTimeout(this.#timer);
    if (maxLength !== null && !(maxLength >= 3 && Number.isInteger(maxLength))) return;
    this.#timer = setTimeout(() => void this.#count(), DEBOUNCE_MS);
  }

  async #count(): Promise<void> {
    if (this.modelId === null) return;
    const turn = ++this.#turn;
    const asked = { versionId: this.versionId, modelId: this.modelId, maxLength: this.maxLength };
    this.counting = true;
    try {
      const lengths = await this.rpc.call('datasets/lengths', asked);
      if (turn !== this.#turn) return;
      this.lengths = lengths;
      this.lengthsFault = null;
    } catch (error) {
      if (turn === this.#turn) this.lengthsFault = faultOf(error);
      return;
    } finally {
      if (turn === this.#turn) this.counting = false;
    }
    // The findings with what is cut. Where there is no report, reading it has said why.
    const report = await this.rpc.call('datasets/report', asked).catch(() => null);
    if (report && turn === this.#turn) this.value = report;
  }
}
