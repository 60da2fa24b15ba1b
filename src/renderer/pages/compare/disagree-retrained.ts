import type { Experiment } from '../../../shared/contract.ts';
import type { RpcClient } from '../../kit.ts';
import { hasEnded } from '../../experiment-words.ts';

/** Where the person is, and how to go elsewhere. */
interface RouterPort {
  readonly path: string;
  go(path: string, options?: { query?: Readonly<Record<string, string>> }): void;
}

/**
 * Goes to a retrained experiment; once it has finished, to its comparison with the run before. Who looks at something
 * else by then is told and stays.
 */
export function followRetrained(
  rpc: Pick<RpcClient, 'on'>,
  router: RouterPort,
  { before, retrained }: { before: { id: string; name: string }; retrained: Experiment },
  tell: (text: string) => void,
): void {
  const own = `/experiments/${retrained.id}`;
  const leave = (): void => {
    for (const stop of stops) stop();
  };
  const followEnd = (changed: Experiment): void => {
    if (changed.id !== retrained.id || !hasEnded(changed)) return;
    leave();
    if (changed.state !== 'finished') return;
    if (router.path === own || router.path.startsWith(`${own}/`))
      router.go('/compare', { query: { ids: `${before.id},${retrained.id}`, baseline: before.id } });
    else
      tell(`${changed.name} is retrained: choose it and ${before.name} under Experiments to compare them.`);
  };
  const stops = [
    rpc.on('experiments/changed', followEnd),
    rpc.on('experiments/removed', ({ ids }) => ids.includes(retrained.id) && leave()),
  ];
  router.go(own);
}
