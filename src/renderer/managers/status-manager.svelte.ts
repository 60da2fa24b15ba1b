import type { SystemStatus } from '../../shared/contract/system.ts';
import { rpc } from '../rpc.ts';

/** What the frame shows: counts, device, what runs. Read again when something changed. */
class StatusManager {
  #status = $state.raw<SystemStatus | null>(null);
  #connected = $state(true);
  #reading = false;
  #again = false;

  get status(): SystemStatus | null {
    return this.#status;
  }
  get connected(): boolean {
    return this.#connected;
  }

  /** One reading at a time; changes in the meantime make one more. */
  async read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      this.#status = await rpc.call('system/status', {});
    } catch {
      // The connection tells by itself when it is back.
    }
    this.#reading = false;
    if (this.#again) {
      this.#again = false;
      void this.read();
    }
  }

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
      rpc.onConnection((connected) => (this.#connected = connected)),
    ];
    return () => off.forEach((stop) => stop());
  }
}

export const statusManager = new StatusManager();
