import type { Experiment } from '../../../shared/contract/experiments.ts';
import type { RpcClient } from '../../../shared/rpc-client.ts';

/** Where the person is, and how to go elsewhere. */
interface Place {
  readonly path: string;
  go(path: string, options?: { query?: Readonly<Record<string, string>> }): void;
}

/**
 * Goes to a retrained experiment; once it has finished, to its comparison with the run before. Who looks at something
 * else by then is told and stays.
 */
export function followRetrained(
  rpc: Pick<RpcClient, 'on'>,
  place: Place,
  { before, retrained }: { before: { id: string; name: string }; retrained: Experiment },
  tell: (text: string) => void,
): void {
  const own = `/experiments/${retrained.id}`;
  const off = rpc.on('experiments/changed', (changed) => {
    if (changed.id !== retrained.id || !ended.has(changed.state)) return;
    off();
    if (changed.state !== 'finished') return;
    if (place.path === own || place.path.startsWith(`${own}/`))
      place.go('/compare', { query: { ids: `${before.id},${retrained.id}`, baseline: before.id } });
    else
      tell(`${changed.name} is retrained: choose it and ${before.name} under Experiments to compare them.`);
  });
  place.go(own);
}

const ended: ReadonlySet<Experiment['state']> = new Set(['finished', 'failed', 'stopped', 'interrupted']);
