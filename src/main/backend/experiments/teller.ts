import type { BackendContext } from '../context.ts';
import type { ExperimentStore } from '../../storage/experiments.ts';

/** A window is told at most four times a second of one experiment. */
const APART_MS = 250;

/** Sends `experiments/changed`, thinned, always with the newest state. */
export class Teller {
  private readonly emit: BackendContext['emit'];
  private readonly store: ExperimentStore;
  private readonly told = new Map<string, number>();
  private readonly waiting = new Map<string, NodeJS.Timeout>();

  constructor(emit: BackendContext['emit'], store: ExperimentStore) {
    this.emit = emit;
    this.store = store;
  }

  changed = (id: string): void => {
    if (this.waiting.has(id)) return;
    const left = (this.told.get(id) ?? -Infinity) + APART_MS - performance.now();
    if (left <= 0) return this.tell(id);
    this.waiting.set(
      id,
      setTimeout(() => this.tell(id), left),
    );
  };

  /** Says at once what was waiting. */
  flush(): void {
    for (const id of [...this.waiting.keys()]) this.tell(id);
  }

  private tell(id: string): void {
    clearTimeout(this.waiting.get(id));
    this.waiting.delete(id);
    this.told.set(id, performance.now());
    try {
      this.emit('experiments/changed', this.store.line(id));
    } catch {
      // Deleted meanwhile, or a store that is gone: whoever asks next is told.
    }
  }
}
