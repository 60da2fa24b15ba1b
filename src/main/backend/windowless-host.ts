import type { Host } from './host.ts';

/**
 * A host without dialogs, dock and notifications; secrets last until the process ends. `keyStore`: whether it says
 * that it keeps them.
 */
export function windowlessHost(
  kind: Host['kind'],
  startEngine: Host['startEngine'],
  keyStore: boolean,
): Host {
  const secrets = new Map<string, string>();
  return {
    kind,
    startEngine,
    pick: () => Promise.resolve(null),
    reveal: () => Promise.resolve(false),
    secrets: {
      available: keyStore,
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
