import { forkEngine } from '../web/fork-engine.ts';
import type { EngineProcess, Host } from './host.ts';

/** A host without a window. `engines`: every engine process that was started, the last one at the end. */
export function testHost(): Host & { engines: EngineProcess[]; notices: { title: string; body: string }[] } {
  const secrets = new Map<string, string>();
  const engines: EngineProcess[] = [];
  const notices: { title: string; body: string }[] = [];
  return {
    kind: 'web',
    engines,
    notices,
    startEngine: () => {
      const engine = forkEngine();
      engines.push(engine);
      return engine;
    },
    pick: () => Promise.resolve(null),
    reveal: () => Promise.resolve(false),
    secrets: {
      available: true,
      read: (name) => Promise.resolve(secrets.get(name) ?? null),
      write: (name, value) => {
        if (value === null) secrets.delete(name);
        else secrets.set(name, value);
        return Promise.resolve();
      },
    },
    notify: (title, body) => void notices.push({ title, body }),
    showProgress: () => undefined,
  };
}
