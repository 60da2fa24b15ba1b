import type { Moved } from '../../../shared/contract/experiments.ts';
import type { AdapterPlan } from '../peft/adapter.ts';
import type { Stepper } from './stepper.ts';

/** LoRA's B starts at 0, so that A has no gradient before the second update. */
const UPDATES = 2;

/** Proves once in a run that the first updates changed what trains and nothing else. */
export class Movement {
  private readonly stepper: Pick<Stepper, 'checksums'>;
  private readonly trained: readonly string[];
  private readonly found: (moved: Moved) => void;
  private readonly before: Map<string, number>;
  private updates = 0;

  constructor(stepper: Pick<Stepper, 'checksums'>, { trained }: AdapterPlan, found: (moved: Moved) => void) {
    this.stepper = stepper;
    this.trained = trained.map(({ name }) => name);
    this.found = found;
    this.before = stepper.checksums();
  }

  /** An update with a learning rate of 0, as a warm-up begins with, moves nothing and does not count. */
  updated(learningRate: number): void {
    if (learningRate === 0 || this.updates >= UPDATES) return;
    this.updates++;
    if (this.updates < UPDATES) return;
    const after = this.stepper.checksums();
    const changed = new Set([...after].flatMap(([name, sum]) => (sum === this.before.get(name) ? [] : name)));
    const trained = new Set(this.trained);
    const frozen = [...after.keys()].filter((name) => !trained.has(name));
    this.found({
      moved: this.trained.filter((name) => changed.has(name)),
      unmoved: this.trained.filter((name) => !changed.has(name)),
      frozen: frozen.filter((name) => !changed.has(name)).length,
      unexpected: frozen.filter((name) => changed.has(name)),
    });
  }
}
