import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineProcess, Host } from './host.ts';

const engineEntry = new URL(`../engine/main${extname(import.meta.url)}`, import.meta.url);

/** The real engine in a process of its own, as the web host starts it. */
export function forkEngine(): EngineProcess {
  const child = fork(fileURLToPath(engineEntry), { serialization: 'advanced', stdio: 'ignore' });
  return {
    pid: child.pid,
    // A process that has ended cannot be told anything; `onExit` says so.
    send: (message) => void child.send(message as object, () => undefined),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => {
      let told = false;
      const tell = (code: number | null, signal: string | null): void => {
        if (!told) listener(code, signal);
        told = true;
      };
      child.on('exit', tell);
      child.on('error', () => tell(null, null));
    },
    kill: (signal) => void child.kill(signal),
  };
}

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
