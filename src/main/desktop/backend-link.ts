import { utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toMainSchema, type Question, type ToBackend, type ToMain } from './messages.ts';

const entry = (name: string): string =>
  fileURLToPath(new URL(`${name}${extname(import.meta.url)}`, import.meta.url));

/** What the main process does for the backend. */
export interface BackendEvents {
  onMessage(message: Exclude<ToMain, { type: 'ask' | `engine-${string}` }>): void;
  ask(question: Question): Promise<unknown>;
  /** It ended by itself. */
  onEnd(code: number): void;
}

/** The backend's process, and the engines that it wants started: only this process can fork for it. */
export class BackendLink {
  private readonly process: UtilityProcess;
  private readonly engines = new Map<number, UtilityProcess>();
  private readonly events: BackendEvents;
  private closing = false;

  constructor(open: { dir: string; keyStore: boolean }, events: BackendEvents) {
    this.events = events;
    this.process = utilityProcess.fork(entry('./backend-process'), [], { serviceName: 'Graft backend' });
    this.process.on('message', (data: unknown) => this.receive(data));
    this.process.on('exit', (code) => {
      for (const engine of this.engines.values()) engine.kill();
      if (!this.closing) events.onEnd(code);
    });
    this.send({ type: 'open', ...open });
  }

  send(message: ToBackend, ports: MessagePortMain[] = []): void {
    this.process.postMessage(message, ports);
  }

  /** Resolves when its files are closed; what runs keeps a checkpoint first. */
  close(): Promise<void> {
    this.closing = true;
    if (this.process.pid === undefined) return Promise.resolve();
    const ended = new Promise<void>((resolve) => this.process.once('exit', () => resolve()));
    this.send({ type: 'close' });
    return ended;
  }

  private receive(data: unknown): void {
    const { data: message } = toMainSchema.safeParse(data);
    if (!message) return;
    if (message.type === 'ask') {
      void this.events.ask(message.question).then(
        (value) => this.send({ type: 'answer', id: message.id, value }),
        () => this.send({ type: 'answer', id: message.id, value: null }),
      );
    } else if (message.type === 'engine-start') this.startEngine(message.engine);
    else if (message.type === 'engine-send') this.engines.get(message.engine)?.postMessage(message.message);
    else if (message.type === 'engine-kill') this.killEngine(message.engine, message.signal);
    else this.events.onMessage(message);
  }

  private startEngine(engine: number): void {
    const child = utilityProcess.fork(entry('../engine/main'), [], { serviceName: 'Graft engine' });
    this.engines.set(engine, child);
    child.on('spawn', () => this.send({ type: 'engine-started', engine, pid: child.pid ?? 0 }));
    child.on('message', (message: unknown) => this.send({ type: 'engine-message', engine, message }));
    child.on('exit', (code) => {
      this.engines.delete(engine);
      this.send({ type: 'engine-exit', engine, code });
    });
  }

  private killEngine(engine: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    const child = this.engines.get(engine);
    // Electron's own kill asks; an engine inside a native call does not hear.
    if (signal === 'SIGKILL' && child?.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    else child?.kill();
  }
}
