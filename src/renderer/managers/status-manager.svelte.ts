import type { SystemStatus } from '../../shared/contract/system.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { rpc, type ConnectionState } from '../rpc.ts';

/** What the frame shows: counts, device, what runs. Read again when something changed. */
class StatusManager {
  #status = $state.raw<SystemStatus | null>(null);
  #connection = $state<ConnectionState>('connected');

  get status(): SystemStatus | null {
    return this.#status;
  }
  get connection(): ConnectionState {
    return this.#connection;
  }

  /** Much that changes at once is read once more, not each. */
  readonly read = oneAtATime(async () => {
    try {
      this.#status = await rpc.call('system/status', {});
    } catch {
      // The connection tells by itself when it is back.
    }
  });

  listen(): () => void {
    void this.read();
    const read = (): void => void this.read();
    const off = [
      rpc.on('system/status', (status) => (this.#status = status)),
      rpc.on('system/restarted', read),
      rpc.on('datasets/changed', read),
      rpc.on('models/changed', read),
      rpc.on('adapters/changed', read),
      rpc.on('exports/changed', read),
      rpc.on('exports/removed', read),
      rpc.on('experiments/removed', read),
      rpc.on('experiments/changed', (changed) => {
        const now = this.#status;
        if (!now) return;
        const busy = changed.state === 'running' || changed.state === 'starting';
        if (busy && now.running?.id === changed.id) this.#status = { ...now, running: changed };
        else if (busy !== (now.running?.id === changed.id) || changed.state === 'queued') read();
      }),
      rpc.onConnection((state) => (this.#connection = state)),
    ];
    return () => off.forEach((stop) => stop());
  }
}

export const statusManager = new StatusManager();
