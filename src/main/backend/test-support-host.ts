import { fromEngineSchema } from '../../shared/engine-protocol.ts';
import { forkEngine } from '../web/web-host.ts';
import type { EngineProcess, Host } from './host.ts';
import { windowlessHost } from './host.ts';

/** A process and the job that it does; the job's listeners go with it. */
interface Worker {
  readonly process: EngineProcess;
  onMessage: (message: unknown) => void;
  onExit: (code: number | null, signal: string | null) => void;
}

/** Those whose job came to a result: the next job of this test file needs no other one. */
const idle = new Set<Worker>();

function openWorker(): Worker {
  const worker: Worker = {
    process: forkEngine(['--stay']),
    onMessage: () => undefined,
    onExit: () => undefined,
  };
  worker.process.onMessage((message) => worker.onMessage(message));
  worker.process.onExit((code, signal) => {
    idle.delete(worker);
    worker.onExit(code, signal);
  });
  return worker;
}

/** As a process for this job alone: it has ended when it is ended after its result. */
function startEngine(): EngineProcess {
  const worker = [...idle].at(-1) ?? openWorker();
  idle.delete(worker);
  const messageListeners: ((message: unknown) => void)[] = [];
  const exitListeners: Worker['onExit'][] = [];
  let state: 'works' | 'has its result' | 'ended' = 'works';
  worker.onMessage = (message) => {
    if (fromEngineSchema.safeParse(message).data?.type === 'result') state = 'has its result';
    for (const listener of messageListeners) listener(message);
  };
  worker.onExit = (code, signal) => {
    state = 'ended';
    for (const listener of exitListeners) listener(code, signal);
  };
  return {
    pid: worker.process.pid,
    send: (message) => {
      if (state === 'works') worker.process.send(message);
    },
    onMessage: (listener) => void messageListeners.push(listener),
    onExit: (listener) => void exitListeners.push(listener),
    kill: (signal) => {
      if (state === 'works') return worker.process.kill(signal);
      if (state === 'ended') return;
      const { onExit } = worker;
      state = 'ended';
      worker.onMessage = worker.onExit = () => undefined;
      idle.add(worker);
      setImmediate(() => onExit(0, null));
    },
  };
}

/** A host without a window. `engines`: every job's engine process, the last one at the end. */
export function testHost(): Host & { engines: EngineProcess[]; notices: { title: string; body: string }[] } {
  const engines: EngineProcess[] = [];
  const notices: { title: string; body: string }[] = [];
  const start = (): EngineProcess => {
    const engine = startEngine();
    engines.push(engine);
    return engine;
  };
  return {
    // Behind a window the machine's speed is measured soon after the start, beside whatever is tested.
    ...windowlessHost('cli', start, true),
    engines,
    notices,
    notify: (title, body) => void notices.push({ title, body }),
  };
}
