import type { Dataset, DatasetVersion } from '../../../shared/contract/datasets.ts';
import type { Experiment, ExperimentSpec, Preset } from '../../../shared/contract/experiments.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import type { Model, TreeNode } from '../../../shared/contract/models.ts';
import type { Recipe } from '../../../shared/contract/scripts.ts';
import { firstProblem, patchAt } from './form-fields.ts';
import type { Fields } from './merge-patch.ts';
import { PreflightManager } from './preflight-manager.svelte.ts';
import { draftOfRecipe, type Missing } from './recipe-draft.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { RpcPort } from './rpc-port.ts';
import { patched, presetOf, splitsOf, wholeSpec, withPreset, type Draft } from './spec-choice.ts';

const saveMs = 500;

/** The form of a new experiment: its draft, what can be chosen, and the pre-flight of it. */
export class DraftManager {
  readonly #rpc: RpcPort;
  readonly preflight: PreflightManager;
  #draft = $state.raw<Draft>({});
  #models = $state.raw<Model[]>([]);
  #datasets = $state.raw<Dataset[]>([]);
  #versions = $state.raw<DatasetVersion[]>([]);
  #presets = $state.raw<Preset[]>([]);
  #tree = $state.raw<TreeNode[]>([]);
  #treeOf = '';
  #ready = $state(false);
  #saved = $state<'saved' | 'saving' | 'unsaved'>('saved');
  #fault = $state.raw<FaultValue | null>(null);
  #missing = $state.raw<Missing[]>([]);
  #starting = $state(false);
  #busyWith = $state.raw<Experiment | null>(null);
  #queued = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: RpcPort) {
    this.#rpc = rpc;
    this.preflight = new PreflightManager(rpc, () => this.#busyWith === null);
  }

  get draft(): Draft {
    return this.#draft;
  }
  get models(): Model[] {
    return this.#models;
  }
  get datasets(): Dataset[] {
    return this.#datasets;
  }
  get presets(): Preset[] {
    return this.#presets;
  }
  get tree(): TreeNode[] {
    return this.#tree;
  }
  /** False until the lists and the draft are read. */
  get ready(): boolean {
    return this.#ready;
  }
  get saved(): 'saved' | 'saving' | 'unsaved' {
    return this.#saved;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** What the recipe names and the workspace lacks. */
  get missing(): Missing[] {
    return this.#missing;
  }
  get starting(): boolean {
    return this.#starting;
  }
  /** The experiment that uses the device; a new one then waits in the queue. */
  get busyWith(): Experiment | null {
    return this.#busyWith;
  }
  get queued(): number {
    return this.#queued;
  }
  readonly model = $derived.by(() => this.#models.find(({ id }) => id === this.#draft.modelId) ?? null);
  readonly version = $derived.by(
    () =>
      [...this.#versions, ...this.#datasets.map(({ latest }) => latest)].find(
        ({ id }) => id === this.#draft.versionId,
      ) ?? null,
  );
  readonly dataset = $derived.by(
    () => this.#datasets.find(({ id }) => id === this.version?.datasetId) ?? null,
  );
  readonly versions = $derived.by(() =>
    this.#versions.filter(({ datasetId }) => datasetId === this.version?.datasetId),
  );
  readonly preset = $derived.by(() => presetOf(this.#draft, this.#presets));
  readonly spec = $derived.by((): ExperimentSpec | null => wholeSpec(this.#draft));
  readonly problem = $derived.by(() => firstProblem(this.#draft));

  /** Why it cannot start; null: it can. */
  get reason(): string | null {
    if (!this.#draft.versionId || !this.version) return 'Choose the data first.';
    if (!this.#draft.modelId || !this.model) return 'Choose a model first.';
    if (this.spec === null) return 'Choose a method first.';
    if (this.problem) return `${this.problem.field.label}: ${this.problem.problem}`;
    if (this.preflight.fault) return this.preflight.fault.message;
    if (this.preflight.stale) return 'The pre-flight is being made.';
    const { value } = this.preflight;
    if (value && !value.canStart)
      return (
        value.findings.find(({ weight }) => weight === 'error')?.message ?? 'The pre-flight found a fault.'
      );
    return null;
  }

  /** Reads lists and draft, or the spec of another experiment; keeps up with changes. Returns its own unsubscribe. */
  listen(from: string | null = null): () => void {
    void this.#open(from);
    const stops = [
      this.#rpc.on('models/changed', () => void this.#readLists()),
      this.#rpc.on('datasets/changed', () => void this.#readLists()),
      this.#rpc.on('system/status', ({ running, queued }) => {
        this.#busyWith = running;
        this.#queued = queued;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      this.preflight.close();
      if (this.#saved !== 'saved') void this.#save();
    };
  }

  /** Changes the draft by a merge patch: a repair, or a form field's. */
  patch(patch: Fields): void {
    this.#change(patched(this.#draft, patch));
  }
  set(path: readonly string[], value: unknown): void {
    this.patch(patchAt(path, value));
  }
  chooseData(version: DatasetVersion): void {
    this.#missing = this.#missing.filter(({ what }) => what !== 'data');
    const { maxLength, padding } = this.#draft.data ?? {};
    const data = { ...splitsOf(version), maxLength: maxLength ?? null, padding: padding ?? 'longest' };
    this.#change({ ...this.#draft, versionId: version.id, data });
    void this.#readVersions();
  }
  chooseModel(id: string): void {
    this.#missing = this.#missing.filter(({ what }) => what !== 'model');
    this.#change({ ...this.#draft, modelId: id });
    void this.#readModel();
  }
  choosePreset(preset: Preset): void {
    this.#change(withPreset(this.#draft, preset));
  }
  useRecipe(recipe: Recipe): void {
    const { draft, missing } = draftOfRecipe(recipe, this.#draft, this.#models, this.#datasets);
    this.#missing = missing;
    this.#change(draft);
    void this.#readModel();
    void this.#readVersions();
  }
  /** Takes over what another experiment was made from. */
  async startFrom(id: string): Promise<void> {
    await this.#guard(async () => {
      const { spec, experiment } = await this.#rpc.call('experiments/read', { id });
      if (spec === null) {
        this.#fault = {
          code: 'experiments/no-spec',
          message: `${experiment.name} was started from the command line, from a config file.`,
          remedy: 'Its settings are under Configuration; choose them here.',
        };
        return;
      }
      this.#change({ ...spec, name: '' });
      await Promise.all([this.#readModel(), this.#readVersions()]);
    });
  }

  /** Adds the experiment to the queue. Resolves to null where it was refused; `fault` says why. */
  async start(): Promise<Experiment | null> {
    const { spec } = this;
    if (spec === null || this.reason !== null || this.#starting) return null;
    this.#starting = true;
    try {
      return (await this.#rpc.call('experiments/create', { spec })).experiment;
    } catch (error) {
      this.#fault = faultOf(error);
      return null;
    } finally {
      this.#starting = false;
    }
  }

  #change(draft: Draft): void {
    this.#draft = draft;
    this.#fault = null;
    this.#saved = 'unsaved';
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
    const draft = this.#draft;
    this.#saved = 'saving';
    await this.#guard(() => this.#rpc.call('experiments/save-draft', { spec: draft }));
    if (this.#draft === draft) this.#saved = this.#fault ? 'unsaved' : 'saved';
  }

  async #open(from: string | null): Promise<void> {
    await this.#guard(async () => {
      const [{ spec }, status] = await Promise.all([
        this.#rpc.call('experiments/read-draft', {}),
        this.#rpc.call('system/status', {}),
        this.#readLists(),
      ]);
      this.#busyWith = status.running;
      this.#queued = status.queued;
      if (spec) this.#draft = patched({}, spec);
    });
    if (from !== null) await this.startFrom(from);
    await Promise.all([this.#readModel(), this.#readVersions()]);
    this.#ready = true;
  }
  async #readLists(): Promise<void> {
    await this.#guard(async () => {
      const [{ models }, { datasets }] = await Promise.all([
        this.#rpc.call('models/list', {}),
        this.#rpc.call('datasets/list', {}),
      ]);
      this.#models = models;
      this.#datasets = datasets;
    });
  }
  async #readModel(): Promise<void> {
    const id = this.model?.id ?? null;
    await this.#guard(async () => {
      const { presets } = await this.#rpc.call('experiments/presets', { modelId: id });
      if (id !== (this.model?.id ?? null)) return;
      this.#presets = presets;
      // The article's recipe is where a form starts from.
      if (this.#draft.adapter === undefined && presets[0]) this.#change(withPreset(this.#draft, presets[0]));
    });
    if (id !== null && id !== this.#treeOf)
      await this.#guard(async () => {
        const { tree } = await this.#rpc.call('models/read', { id });
        if (id !== this.model?.id) return;
        this.#tree = tree;
        this.#treeOf = id;
      });
    this.#follow();
  }
  async #readVersions(): Promise<void> {
    await this.#guard(async () => {
      const { versionId } = this.#draft;
      if (versionId === undefined) return;
      const latest = this.#datasets.find(({ latest }) => latest.id === versionId);
      // A version that is not a data set's latest is found by asking each one that has several.
      const candidates = latest ? [latest] : this.#datasets.filter(({ versions }) => versions > 1);
      const read = await Promise.all(candidates.map(({ id }) => this.#rpc.call('datasets/read', { id })));
      this.#versions = read.flatMap(({ versions }) => versions);
    });
    this.#follow();
  }
  async #guard(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }
}
