import type { Experiment } from '../../shared/contract/experiments.ts';
import type { FaultValue } from '../../shared/contract/message.ts';
import { RefusedError } from '../../shared/rpc-client.ts';
import { rpc } from '../rpc.ts';

/** The list of experiments, kept live by events while somebody looks at it. */
class ExperimentsManager {
  #experiments = $state.raw<Experiment[] | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #watching = 0;
  #off: (() => void)[] = [];

  /** Null until it was read. */
  get experiments(): readonly Experiment[] | null {
    return this.#experiments;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  async read(): Promise<void> {
    try {
      const [open, archived] = await Promise.all([
        rpc.call('experiments/list', { archived: false }),
        rpc.call('experiments/list', { archived: true }),
      ]);
      const all = new Map([...open.experiments, ...archived.experiments].map((one) => [one.id, one]));
      this.#experiments = [...all.values()].sort((a, b) => b.createdAt - a.createdAt);
      this.#fault = null;
    } catch (error) {
      if (error instanceof RefusedError) this.#fault = error.fault;
    }
  }

  listen(): () => void {
    if (this.#watching++ === 0) {
      void this.read();
      this.#off = [
        rpc.on('experiments/changed', (changed) => {
          const known = this.#experiments?.some(({ id }) => id === changed.id) ?? false;
          if (!this.#experiments) return;
          this.#experiments = known
            ? this.#experiments.map((one) => (one.id === changed.id ? changed : one))
            : [changed, ...this.#experiments];
        }),
        rpc.on('experiments/removed', ({ ids }) => {
          this.#experiments = this.#experiments?.filter(({ id }) => !ids.includes(id)) ?? null;
        }),
        rpc.on('system/restarted', () => void this.read()),
      ];
    }
    return () => {
      if (--this.#watching === 0) for (const stop of this.#off.splice(0)) stop();
    };
  }
}

export const experimentsManager = new ExperimentsManager();
