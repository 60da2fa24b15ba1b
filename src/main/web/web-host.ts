import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineProcess, Host } from '../backend/host.ts';
import { windowlessHost } from '../backend/host.ts';

const entry = fileURLToPath(new URL(`../engine/main${extname(import.meta.url)}`, import.meta.url));

/** Starts the engine as a child of this process. Its words on stderr go to ours when GRAFT_DEBUG is set. */
export function forkEngine(args: readonly string[] = []): EngineProcess {
  const child = fork(entry, args, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', process.env['GRAFT_DEBUG'] === undefined ? 'ignore' : 'inherit', 'ipc'],
  });
  let ended = false;
  const exitListeners: ((code: number | null, signal: string | null) => void)[] = [];
  const finish = (code: number | null, signal: string | null): void => {
    if (ended) return;
    ended = true;
    for (const listener of exitListeners) listener(code, signal);
  };
  child.on('exit', finish);
  // It could not be started at all: no memory for a process, or the file is gone.
  child.on('error', () => finish(127, null));
  return {
    pid: child.pid,
    send: (message) => {
      // A process that has just ended tells so by `exit`; the message has nobody to go to.
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void exitListeners.push(listener),
    kill: (signal = 'SIGTERM') => void child.kill(signal),
  };
}

/**
 * The host behind a browser: no dialogs, no dock. Secrets stay in memory until the process ends, because a machine
 * that is reached from afar is often shared and has no key store to trust; HF_TOKEN serves those who want it kept.
 */
export function webHost(kind: 'web' | 'cli' = 'web'): Host {
  return windowlessHost(kind, () => forkEngine(), false);
}
