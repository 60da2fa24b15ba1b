import { isFields, type Fields } from '../../../shared/fields.ts';
import { choosesModules } from '../../../shared/methods/index.ts';
import type {
  Adapter,
  Dataset,
  DatasetVersion,
  Experiment,
  ExperimentSpec,
  Model,
  Preset,
  Recipe,
  TreeNode,
} from '../../../shared/contract.ts';
import { fieldLabel, firstProblem, inWords, patchAt } from '../../forms/form-fields.ts';
import { PreflightManager } from './preflight-manager.svelte.ts';
import { draftOfRecipe, type Missing } from '../../forms/recipe-draft.ts';
import { Attempts, faultOf, type Rpc } from '../../kit.ts';
import {
  patched,
  presetOf,
  wholeSpec,
  withData,
  withInitial,
  withModel,
  withPreset,
  type Changed,
  type Draft,
} from '../../forms/spec-choice.ts';
import { readDraft, saveDraft } from '../../forms/window-draft.ts';

const saveMs = 500;

/** The form of a new experiment: its draft, what can be chosen, and the pre-flight of it. */
export class DraftManager extends Attempts {
  readonly #rpc: Rpc;
  readonly preflight: PreflightManager;
  draft = $state.raw<Draft>({});
  models = $state.raw<Model[]>([]);
  datasets = $state.raw<Dataset[]>([]);
  presets = $state.raw<Preset[]>([]);
  tree = $state.raw<TreeNode[]>([]);
  /** False until the lists and the draft are read. */
  ready = $state(false);
  saved = $state<'saved' | 'saving' | 'unsaved'>('saved');
  /** What the recipe names and the workspace lacks. */
  missing = $state.raw<Missing[]>([]);
  /** What a change of data or model took back, and what it left as it was set. */
  changed = $state.raw<(Pick<Changed, 'reset' | 'kept'> & { what: 'data' | 'model' }) | null>(null);
  /** The experiment that uses the device; a new one then waits in the queue. */
  busyWith = $state.raw<Experiment | null>(null);
  queued = $state(0);
  /** Of the data sets that the chosen version may belong to. */
  #versions = $state.raw<DatasetVersion[]>([]);
  #treeOf = '';
  #initial = $state.raw<Adapter | null>(null);
  /** Paths that the person set in this window; they outlast a change of data or model. */
  readonly #own = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Rpc) {
    super();
    this.#rpc = rpc;
    this.preflight = new PreflightManager(rpc, () => this.busyWith === null);
  }

  readonly model = $derived.by(() => this.models.find(({ id }) => id === this.draft.modelId) ?? null);
  readonly version = $derived.by(
    () =>
      [...this.#versions, ...this.datasets.map(({ latest }) => latest)].find(
        ({ id }) => id === this.draft.versionId,
      ) ?? null,
  );
  readonly dataset = $derived.by(
    () => this.datasets.find(({ id }) => id === this.version?.datasetId) ?? null,
  );
  readonly versions = $derived.by(() =>
    this.#versions.filter(({ datasetId }) => datasetId === this.version?.datasetId),
  );
  /** The adapter that it goes on from. */
  readonly initial = $derived.by(() =>
    this.#initial?.id === this.draft.initAdapterId ? this.#initial : null,
  );
  readonly preset = $derived.by(() => presetOf(this.draft, this.presets));
  readonly spec = $derived.by((): ExperimentSpec | null => wholeSpec(this.draft));
  readonly problem = $derived.by(() => firstProblem(this.draft));

  /** Why it cannot start; null: it can. */
  get reason(): string | null {
    if (!this.draft.versionId || !this.version) return 'Choose the data first.';
    if (!this.draft.modelId || !this.model) return 'Choose a model first.';
    if (this.spec === null) return 'Choose a method first.';
    if (this.problem) return `${this.problem.field.label}: ${this.problem.problem}`;
    if (this.preflight.fault) return this.preflight.fault.message;
    if (this.preflight.reading) return 'The pre-flight is being made.';
    const { value } = this.preflight;
    if (value && !value.canStart)
      return inWords(
        value.findings.find(({ weight }) => weight === 'error')?.message ?? 'The pre-flight found a fault.',
      );
    return null;
  }

  /**
   * Reads lists and draft, or the spec of another experiment, or what trains an adapter further; keeps up with changes.
   * Returns its own unsubscribe.
   */
  listen(from: string | null = null, adapter: string | null = null): () => void {
    void this.#open(from, adapter);
    const stops = [
      this.#rpc.on('models/changed', () => void this.#readLists()),
      this.#rpc.on('datasets/changed', () => void this.#readLists()),
      this.#rpc.on('system/status', ({ running, queued }) => {
        this.busyWith = running;
        this.queued = queued;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      this.preflight.close();
      if (this.saved !== 'saved') void this.#save();
    };
  }

  /** Changes the draft by a merge patch: a repair, or a form field's. */
  patch(patch: Fields): void {
    for (const [path, value] of leaves(patch, [])) {
      if (value === null || value === '') this.#own.delete(path);
      else this.#own.add(path);
    }
    this.#change(patched(this.draft, patch));
  }
  set(path: readonly string[], value: unknown): void {
    this.patch(patchAt(path, value));
  }
  chooseData(version: DatasetVersion): void {
    this.missing = this.missing.filter(({ what }) => what !== 'data');
    this.#replace('data', withData(this.draft, version, this.version, this.#own));
    void this.#readVersions();
  }
  chooseModel(id: string): void {
    this.missing = this.missing.filter(({ what }) => what !== 'model');
    const { preset } = this;
    const { reset, ...changed } = withModel(this.draft, id, this.#own);
    // A preset has modules for each model.
    const said = preset ? reset.filter((label) => label !== fieldLabel('adapter.target_modules')) : reset;
    this.#replace('model', { ...changed, reset: said });
    void this.#readModel();
  }
  choosePreset(preset: Preset): void {
    this.#change(withPreset(this.draft, preset));
  }
  useRecipe(recipe: Recipe): void {
    const { draft, missing } = draftOfRecipe(recipe, this.draft, this.models, this.datasets);
    this.missing = missing;
    this.#own.clear();
    this.changed = null;
    this.#change({ ...draft, name: '' });
    void this.#readModel();
    void this.#readVersions();
  }
  /** Takes over what another experiment was made from. */
  async startFrom(id: string): Promise<void> {
    await this.#guard(async () => {
      const { spec, experiment } = await this.#rpc.call('experiments/read', { id });
      if (spec === null) {
        this.refused = {
          code: 'experiments/no-spec',
          message: `${experiment.name} was started from the command line, from a config file.`,
          remedy: 'Its settings are under Configuration; choose them here.',
        };
        return;
      }
      this.#own.clear();
      this.changed = null;
      this.#change({ ...spec, name: '' });
      await Promise.all([this.#readModel(), this.#readVersions(), this.#readInitial()]);
    });
  }

  /** Takes over an adapter: its base, its method and its values. */
  async goOnFrom(id: string): Promise<void> {
    await this.#guard(async () => {
      const detail = await this.#rpc.call('adapters/read', { id });
      this.#own.clear();
      this.changed = null;
      this.#initial = detail.adapter;
      this.#change(withInitial(this.draft, detail));
    });
  }

  /** Adds the experiment to the queue. Resolves to undefined where it was refused. */
  async start(): Promise<Experiment | undefined> {
    const { spec } = this;
    if (spec === null || this.reason !== null || this.busy) return undefined;
    return this.attempt(async () => {
      const { experiment } = await this.#rpc.call('experiments/create', { spec });
      // The next experiment of this form is another one.
      this.#own.delete('name');
      if (this.draft.name) this.#change({ ...this.draft, name: '' });
      return experiment;
    });
  }

  #replace(what: 'data' | 'model', { draft, reset, kept }: Changed): void {
    this.changed = reset.length + kept.length === 0 ? null : { what, reset, kept };
    this.#change(draft);
  }
  #change(draft: Draft): void {
    this.draft = draft;
    this.refused = null;
    this.saved = 'unsaved';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#save(), saveMs);
    this.#follow();
  }
  #follow(): void {
    // A value that cannot be is said at its field; the last pre-flight stays in view meanwhile.
    if (this.problem) return;
    const labels = this.version?.labels.map(({ name }) => name) ?? [];
    this.preflight.follow(this.version && this.model ? this.spec : null, labels);
  }
  async #save(): Promise<void> {
    clearTimeout(this.#timer);
    const draft = this.draft;
    this.saved = 'saving';
    await this.#guard(() => saveDraft(this.#rpc, draft));
    if (this.draft === draft) this.saved = this.refused ? 'unsaved' : 'saved';
  }

  async #open(from: string | null, adapter: string | null): Promise<void> {
    await this.#guard(async () => {
      const [draft, status] = await Promise.all([
        readDraft(this.#rpc),
        this.#rpc.call('system/status', {}),
        this.#readLists(),
      ]);
      this.busyWith = status.running;
      this.queued = status.queued;
      this.draft = draft;
    });
    if (from !== null) await this.startFrom(from);
    if (adapter !== null) await this.goOnFrom(adapter);
    await Promise.all([this.#readModel(), this.#readVersions(), this.#readInitial()]);
    this.ready = true;
  }
  async #readLists(): Promise<void> {
    await this.#guard(async () => {
      const [{ models }, { datasets }] = await Promise.all([
        this.#rpc.call('models/list', {}),
        this.#rpc.call('datasets/list', {}),
      ]);
      this.models = models;
      this.datasets = datasets;
    });
  }
  async #readModel(): Promise<void> {
    const id = this.model?.id ?? null;
    await this.#guard(async () => {
      const { presets } = await this.#rpc.call('experiments/presets', { modelId: id });
      if (id !== (this.model?.id ?? null)) return;
      this.presets = presets;
      // The first preset is where a form starts from.
      const { adapter } = this.draft;
      const targets = presets[0]?.adapter['target_modules'];
      if (adapter === undefined && presets[0]) this.#change(withPreset(this.draft, presets[0]));
      else if (
        id !== null &&
        adapter &&
        choosesModules(adapter['peft_type']) &&
        adapter['target_modules'] === undefined
      )
        this.#change({ ...this.draft, adapter: { ...adapter, target_modules: targets } });
    });
    if (id !== null && id !== this.#treeOf)
      await this.#guard(async () => {
        const { tree } = await this.#rpc.call('models/read', { id });
        if (id !== this.model?.id) return;
        this.tree = tree;
        this.#treeOf = id;
      });
    this.#follow();
  }
  async #readInitial(): Promise<void> {
    await this.#guard(async () => {
      const { initAdapterId: id } = this.draft;
      if (id !== undefined && id !== this.#initial?.id)
        this.#initial = (await this.#rpc.call('adapters/read', { id })).adapter;
    });
  }
  async #readVersions(): Promise<void> {
    await this.#guard(async () => {
      const { versionId } = this.draft;
      if (versionId === undefined) return;
      const latest = this.datasets.find(({ latest }) => latest.id === versionId);
      // A version that is not a data set's latest is found by asking each one that has several.
      const candidates = latest ? [latest] : this.datasets.filter(({ versions }) => versions > 1);
      const read = await Promise.all(candidates.map(({ id }) => this.#rpc.call('datasets/read', { id })));
      this.#versions = read.flatMap(({ versions }) => versions);
    });
    this.#follow();
  }
  async #guard(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.refused = faultOf(error);
    }
  }
}

/** The values of a patch with their paths. */
function leaves(patch: Fields, before: readonly string[]): [string, unknown][] {
  return Object.entries(patch).flatMap(([name, value]): [string, unknown][] =>
    isFields(value) ? leaves(value, [...before, name]) : [[[...before, name].join('.'), value]],
  );
}
