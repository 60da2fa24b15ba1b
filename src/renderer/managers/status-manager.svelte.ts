import type { SystemStatus } from '../../shared/contract.ts';
import { Resource } from '../resource.svelte.ts';
import { rpc, type ConnectionState } from '../rpc.ts';

/** What the frame shows: counts, device, what runs. Read again when something changed. */
class StatusManager extends Resource<SystemStatus> {
  connection = $state<ConnectionState>('connected');

  constructor() {
    super(rpc, () => rpc.call('system/status', {}), {
      'system/status': (status) => status,
      'datasets/changed': true,
      'models/changed': true,
      'adapters/changed': true,
      'exports/changed': true,
      'exports/removed': true,
      'experiments/removed': true,
      'experiments/changed': (changed, now) => {
        if (!now) return false;
        const busy = changed.state === 'running' || changed.state === 'starting';
        const known = now.running?.id === changed.id;
        return busy && known ? { ...now, running: changed } : busy !== known || changed.state === 'queued';
      },
    });
  }

  override listen(): () => void {
    const ends = [super.listen(), rpc.onConnection((state) => (this.connection = state))];
    return () => ends.forEach((end) => end());
  }
}

export const statusManager = new StatusManager();
