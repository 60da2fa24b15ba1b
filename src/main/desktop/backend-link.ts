import { utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toMainSchema, type Question, type ToBackend, type ToMain } from './messages.ts';

const entry = (name: string): string =>
  fileURLToPath(new URL(`${name}${extname(import.meta.url)}`, import.meta.url));

/** What the main process does for the backend. */
export interface BackendEvents {
  onMessage(message: Exclude<ToMain, { type: 'ask' }>): void;
  ask(question: Question): Promise<unknown>;
  /** It ended by itself. */
  onEnd(code: number): void;
}

/** The backend's process. */
export class BackendLink {
  private readonly process: UtilityProcess;
  private readonly events: BackendEvents;
  private closing = false;

  constructor(open: { dir: string; keyStore: boolean }, events: BackendEvents) {
    this.events = events;
    this.process = utilityProcess.fork(entry('./backend-process'), [], { serviceName: 'Graft backend' });
    this.process.on('message', (data: unknown) => this.receive(data));
    this.process.on('exit', (code) => {
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
    } else this.events.onMessage(message);
  }
}
