import type { Host } from '../backend/host.ts';
import { forkEngine } from './fork-engine.ts';

/**
 * The host behind a browser: no dialogs, no dock. Secrets stay in memory until the process ends, because a machine
 * that is reached from afar is often shared and has no key store to trust; HF_TOKEN serves those who want it kept.
 */
export function webHost(kind: 'web' | 'cli' = 'web'): Host {
  const secrets = new Map<string, string>();
  return {
    kind,
    startEngine: forkEngine,
    pick: () => Promise.resolve(null),
    reveal: () => Promise.resolve(false),
    secrets: {
      available: false,
      read: (name) => Promise.resolve(secrets.get(name) ?? null),
      write: (name, value) => {
        if (value === null) secrets.delete(name);
        else secrets.set(name, value);
        return Promise.resolve();
      },
    },
    notify: () => undefined,
    showProgress: () => undefined,
  };
}
