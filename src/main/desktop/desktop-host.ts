import { z } from 'zod';
import type { EngineProcess, Host } from '../backend/host.ts';
import type { Question, ToBackend, ToMain } from './messages.ts';

const pathsSchema = z.array(z.string()).nullable();
const secretSchema = z.string().nullable();

interface Engine {
  pid: number | undefined;
  onMessage: ((message: unknown) => void)[];
  onExit: ((code: number | null, signal: string | null) => void)[];
}

/** The host of the backend's process: what only Electron can do is asked of its main process by messages. */
export class DesktopHost {
  private readonly post: (message: ToMain) => void;
  private readonly keyStore: boolean;
  private readonly engines = new Map<number, Engine>();
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private next = 1;

  constructor(post: (message: ToMain) => void, keyStore: boolean) {
    this.post = post;
    this.keyStore = keyStore;
  }

  readonly host = (): Host => ({
    kind: 'desktop',
    startEngine: () => this.startEngine(),
    pick: async (pick) => pathsSchema.parse(await this.ask({ kind: 'pick', pick })),
    reveal: async (path) => z.boolean().parse(await this.ask({ kind: 'reveal', path })),
    secrets: {
      available: this.keyStore,
      read: async (name) => secretSchema.parse(await this.ask({ kind: 'secret-read', name })),
      write: async (name, value) => {
        await this.ask({ kind: 'secret-write', name, value });
      },
    },
    notify: (title, body) => this.post({ type: 'notify', title, body }),
    showProgress: (share) => this.post({ type: 'progress', share }),
  });

  /** Takes the messages that are about engines and answers. */
  receive(message: ToBackend): void {
    if (message.type === 'answer') {
      this.waiting.get(message.id)?.(message.value);
      this.waiting.delete(message.id);
      return;
    }
    if (!('engine' in message)) return;
    const engine = this.engines.get(message.engine);
    if (!engine) return;
    if (message.type === 'engine-started') engine.pid = message.pid;
    else if (message.type === 'engine-message') for (const tell of engine.onMessage) tell(message.message);
    else {
      this.engines.delete(message.engine);
      // Electron tells a signal's end as an exit code: which signal it was is not known.
      for (const tell of engine.onExit) tell(message.code, null);
    }
  }

  private ask(question: Question): Promise<unknown> {
    const id = this.next++;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.post({ type: 'ask', id, question });
    });
  }

  private startEngine(): EngineProcess {
    const id = this.next++;
    const engine: Engine = { pid: undefined, onMessage: [], onExit: [] };
    this.engines.set(id, engine);
    this.post({ type: 'engine-start', engine: id });
    return {
      get pid() {
        return engine.pid;
      },
      send: (message) => this.post({ type: 'engine-send', engine: id, message }),
      onMessage: (listener) => void engine.onMessage.push(listener),
      onExit: (listener) => void engine.onExit.push(listener),
      kill: (signal = 'SIGTERM') => this.post({ type: 'engine-kill', engine: id, signal }),
    };
  }
}
