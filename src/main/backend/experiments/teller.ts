import type { BackendContext } from '../context.ts';
import type { ExperimentStore } from '../../storage/experiments.ts';

/** A window is told at most four times a second of one experiment. */
const APART_MS = 250;

export interface Teller {
  changed: (id: string) => void;
  /** Says at once what was waiting. */
  flush: () => void;
}

/** Sends `experiments/changed`, thinned, always with the newest state. */
export function openTeller(emit: BackendContext['emit'], store: ExperimentStore): Teller {
  const told = new Map<string, number>();
  const waiting = new Map<string, NodeJS.Timeout>();
  const tell = (id: string): void => {
    clearTimeout(waiting.get(id));
    waiting.delete(id);
    told.set(id, performance.now());
    try {
      emit('experiments/changed', store.line(id));
    } catch {
      // Deleted meanwhile, or a store that is gone: whoever asks next is told.
    }
  };
  return {
    changed: (id) => {
      if (waiting.has(id)) return;
      const left = (told.get(id) ?? -Infinity) + APART_MS - performance.now();
      if (left <= 0) tell(id);
      else
        waiting.set(
          id,
          setTimeout(() => tell(id), left),
        );
    },
    flush: () => [...waiting.keys()].forEach(tell),
  };
}
