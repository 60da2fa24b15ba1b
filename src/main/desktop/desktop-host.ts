import { z } from 'zod';
import type { Host } from '../backend/host.ts';
import { forkEngine } from '../web/web-host.ts';
import type { Question, ToBackend, ToMain } from './messages.ts';

const pathsSchema = z.array(z.string()).nullable();
const secretSchema = z.string().nullable();

/** The host of the backend's process: what only Electron can do is asked of its main process by messages. */
export class DesktopHost {
  private readonly post: (message: ToMain) => void;
  private readonly keyStore: boolean;
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private next = 1;

  constructor(post: (message: ToMain) => void, keyStore: boolean) {
    this.post = post;
    this.keyStore = keyStore;
  }

  readonly host = (): Host => ({
    kind: 'desktop',
    startEngine: () => forkEngine(),
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

  /** Takes the answer to a question. */
  receive({ id, value }: Extract<ToBackend, { type: 'answer' }>): void {
    this.waiting.get(id)?.(value);
    this.waiting.delete(id);
  }

  private ask(question: Question): Promise<unknown> {
    const id = this.next++;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.post({ type: 'ask', id, question });
    });
  }
}
