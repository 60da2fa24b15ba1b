/** A process that the host started for the backend. Messages are values that can be cloned. */
export interface EngineProcess {
  readonly pid: number | undefined;
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once; `signal` where one ended it. */
  onExit(listener: (code: number | null, signal: string | null) => void): void;
  kill(signal?: 'SIGTERM' | 'SIGKILL'): void;
}

export type PickKind = 'data-files' | 'data-folder' | 'model-folder' | 'script' | 'output-folder';

/** What the backend needs from whatever it runs in. */
export interface Host {
  readonly kind: 'desktop' | 'web' | 'cli';
  /** Starts `src/main/engine/main.ts` in a process of its own. */
  startEngine(): EngineProcess;
  /** The system's own dialog; null: there is none, or the person closed it. */
  pick(kind: PickKind): Promise<string[] | null>;
  reveal(path: string): Promise<boolean>;
  /** The system's key store. `available` false: secrets last until the process ends. */
  readonly secrets: {
    available: boolean;
    read(name: string): Promise<string | null>;
    write(name: string, value: string | null): Promise<void>;
  };
  notify(title: string, body: string): void;
  /** 0 to 1 on the dock or task bar; null: nothing runs. */
  showProgress(share: number | null): void;
}

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
