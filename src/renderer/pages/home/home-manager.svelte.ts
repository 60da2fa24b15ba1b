import type { OutputOf, Recipe } from '../../../shared/contract.ts';
import { draftOfRecipe, type Missing } from '../../forms/recipe-draft.ts';
import { saveDraft } from '../../forms/window-draft.ts';
import { Resource, type Rpc } from '../../kit.ts';

/** `empty`: whether nothing was brought in yet. */
type HomeContent = OutputOf<'system/home'> & { empty: boolean };

/** How many of the last points the small curve shows. */
const CURVE_POINTS = 20_000;

/** What the home page knows: what runs with its losses, what needs a decision, what finished last. */
export class HomeManager extends Resource<HomeContent> {
  /** Of the running experiment, in order of steps. */
  losses = $state.raw<readonly number[]>([]);
  #curveOf: string | null = null;

  constructor(rpc: Rpc) {
    const load = async (): Promise<HomeContent> => {
      const [home, { counts }] = await Promise.all([
        rpc.call('system/home', {}),
        rpc.call('system/status', {}),
      ]);
      return { ...home, empty: counts.datasets + counts.models + counts.experiments === 0 };
    };
    super(rpc, load, {
      'datasets/changed': true,
      'models/changed': true,
      'experiments/removed': true,
      'exports/changed': ({ jobId }) => jobId === null,
      'exports/removed': true,
      'experiments/changed': (changed, home) => {
        const running = changed.state === 'running' || changed.state === 'starting';
        return home && running && home.running?.id === changed.id ? { ...home, running: changed } : true;
      },
      'experiments/points': ({ id, curve }) => {
        if (id === this.#curveOf) this.losses = [...this.losses, ...curve.loss].slice(-CURVE_POINTS);
        return false;
      },
    });
  }

  /** Fills the draft of the next experiment from a recipe; gives back what this workspace lacks for it. */
  async useRecipe(recipe: Recipe): Promise<Missing[]> {
    const [{ models }, { datasets }] = await Promise.all([
      this.rpc.call('models/list', {}),
      this.rpc.call('datasets/list', {}),
    ]);
    const { draft, missing } = draftOfRecipe(recipe, {}, models, datasets);
    await saveDraft(this.rpc, draft);
    return missing;
  }

  protected override taken({ running }: HomeContent): void {
    const id = running?.id ?? null;
    if (id === this.#curveOf) return;
    this.#curveOf = id;
    this.losses = [];
    if (id !== null) void this.#readCurve(id);
  }

  /** Without it the card does without its curve. */
  async #readCurve(id: string): Promise<void> {
    const reply = await this.rpc.call('experiments/curve', { id }).catch(() => null);
    if (reply && id === this.#curveOf) this.losses = reply.curve.loss.slice(-CURVE_POINTS);
  }
}
