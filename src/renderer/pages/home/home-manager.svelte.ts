import type { OutputOf } from '../../../shared/contract.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import type { Recipe } from '../../../shared/contract/scripts.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';
import { draftOfRecipe, type Missing } from '../../forms/recipe-draft.ts';
import { saveDraft } from '../../forms/window-draft.ts';

type HomeContent = OutputOf<'system/home'>;

/** How many of the last points the small curve shows. */
const CURVE_POINTS = 20_000;

/** What the home page knows: what runs with its losses, what needs a decision, what finished last. */
export class HomeManager {
  readonly #rpc: Rpc;
  #home = $state.raw<HomeContent | null>(null);
  #empty = $state.raw<boolean | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #losses = $state.raw<readonly number[]>([]);
  #curveOf: string | null = null;

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  get home(): HomeContent | null {
    return this.#home;
  }
  /** Whether nothing was brought in yet. Null: not known. */
  get empty(): boolean | null {
    return this.#empty;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** Of the running experiment, in order of steps. */
  get losses(): readonly number[] {
    return this.#losses;
  }

  async read(): Promise<void> {
    try {
      const [home, { counts }] = await Promise.all([
        this.#rpc.call('system/home', {}),
        this.#rpc.call('system/status', {}),
      ]);
      this.#home = home;
      this.#empty = counts.datasets + counts.models + counts.experiments === 0;
      this.#fault = null;
      await this.#readCurve(home.running?.id ?? null);
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  /** Returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    const ends = [
      this.#rpc.on('system/restarted', () => void this.read()),
      this.#rpc.on('datasets/changed', () => void this.read()),
      this.#rpc.on('models/changed', () => void this.read()),
      this.#rpc.on('experiments/removed', () => void this.read()),
      this.#rpc.on('exports/changed', ({ jobId }) => void (jobId === null && this.read())),
      this.#rpc.on('exports/removed', () => void this.read()),
      this.#rpc.on('experiments/changed', (changed) => {
        const home = this.#home;
        const running = changed.state === 'running' || changed.state === 'starting';
        if (home && running && home.running?.id === changed.id) this.#home = { ...home, running: changed };
        else void this.read();
      }),
      this.#rpc.on('experiments/points', ({ id, curve }) => {
        if (id === this.#curveOf) this.#losses = [...this.#losses, ...curve.loss].slice(-CURVE_POINTS);
      }),
    ];
    return () => ends.forEach((end) => end());
  }

  /** Fills the draft of the next experiment from a recipe; gives back what this workspace lacks for it. */
  async useRecipe(recipe: Recipe): Promise<Missing[]> {
    const [{ models }, { datasets }] = await Promise.all([
      this.#rpc.call('models/list', {}),
      this.#rpc.call('datasets/list', {}),
    ]);
    const { draft, missing } = draftOfRecipe(recipe, {}, models, datasets);
    await saveDraft(this.#rpc, draft);
    return missing;
  }

  async #readCurve(id: string | null): Promise<void> {
    if (id === this.#curveOf) return;
    this.#curveOf = id;
    this.#losses = [];
    if (id === null) return;
    const { curve } = await this.#rpc.call('experiments/curve', { id });
    if (id === this.#curveOf) this.#losses = curve.loss.slice(-CURVE_POINTS);
  }
}
