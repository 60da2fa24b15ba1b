import type { Experiment } from '../../shared/contract.ts';
import { Resource, rpc, withChanged } from '../kit.ts';

/** The list of experiments, the archived ones too, kept live by events while somebody looks at it. */
class ExperimentsManager extends Resource<readonly Experiment[]> {
  #watching = 0;
  #stop: () => void = () => undefined;

  constructor() {
    const read = async (): Promise<Experiment[]> => {
      const [open, archived] = await Promise.all([
        rpc.call('experiments/list', { archived: false }),
        rpc.call('experiments/list', { archived: true }),
      ]);
      const all = new Map(
        [...open.experiments, ...archived.experiments].map((experiment) => [experiment.id, experiment]),
      );
      return [...all.values()].sort((a, b) => b.createdAt - a.createdAt);
    };
    super(rpc, read, {
      'experiments/changed': (changed, all) => all && withChanged(all, changed),
      'experiments/removed': ({ ids }, all) => all && all.filter(({ id }) => !ids.includes(id)),
    });
  }

  override listen(): () => void {
    if (this.#watching++ === 0) this.#stop = super.listen();
    return () => {
      if (--this.#watching === 0) this.#stop();
    };
  }
}

export const experimentsManager = new ExperimentsManager();
