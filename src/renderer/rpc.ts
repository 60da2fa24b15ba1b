import {
  events,
  type EventName,
  type EventOf,
  type InputOf,
  type MethodName,
  type OutputOf,
} from '../shared/contract.ts';
import { RpcClient, type Transport } from '../shared/rpc-client.ts';

declare global {
  interface Window {
    /** What the desktop's preload gives; a browser has none. */
    graft?: { port(): Promise<MessagePort>; pathForFile(file: File): string };
  }
}

/** What managers need of the connection; an RpcClient over any transport will do in a test. */
export type Rpc = Pick<RpcClient, 'call' | 'on'>;

type Opened = { transport: Transport; closed: Promise<void> };
type Listener = (data: never) => void;

/** `no-key`: the server is there and does not let this page in. */
export type ConnectionState = 'connected' | 'lost' | 'no-key';

/** Opening was refused for want of the key that the address at the start holds. */
export class NoKeyError extends Error {}

const RETRY_MS = 1000;
const KEY = 'graft-token';
const eventNames = Object.keys(events) as EventName[];

/** Requests and events to the backend over whatever the host offers. Connects at the first call, and again by itself. */
export class Connection implements Rpc {
  private client: Promise<RpcClient> | undefined;
  private readonly open: () => Promise<Opened>;
  private readonly listeners = new Map<EventName, Set<Listener>>();
  private readonly watchers = new Set<(state: ConnectionState) => void>();

  constructor(open: () => Promise<Opened>) {
    this.open = open;
  }

  /** Rejects with a RefusedError; waits while there is no connection. */
  async call<Name extends MethodName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
    this.client ??= this.connect();
    return (await this.client).call(name, input);
  }

  /** Returns its own unsubscribe. A connection that came back is told as `system/restarted`: read everything anew. */
  on<Name extends EventName>(name: Name, listener: (data: EventOf<Name>) => void): () => void {
    const all = this.listeners.get(name) ?? new Set<Listener>();
    this.listeners.set(name, all);
    all.add(listener);
    return () => void all.delete(listener);
  }

  /** Tells when the connection is lost, why, and when it is there again. Returns its own unsubscribe. */
  onConnection(watcher: (state: ConnectionState) => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  private async connect(): Promise<RpcClient> {
    for (;;) {
      try {
        return this.use(await this.open());
      } catch (error) {
        this.tell(error instanceof NoKeyError ? 'no-key' : 'lost');
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private use({ transport, closed }: Opened): RpcClient {
    const client = new RpcClient(transport);
    for (const name of eventNames) client.on(name, (data) => this.emit(name, data));
    void closed.then(() => {
      this.tell('lost');
      this.client = this.connect();
      void this.client.then(() => this.emit('system/restarted', {}));
    });
    this.tell('connected');
    return client;
  }

  private emit(name: EventName, data: unknown): void {
    for (const listener of this.listeners.get(name) ?? []) listener(data as never);
  }

  private tell(state: ConnectionState): void {
    for (const watcher of this.watchers) watcher(state);
  }
}

async function overPort(bridge: NonNullable<Window['graft']>): Promise<Opened> {
  const port = await bridge.port();
  const closed = new Promise<void>((resolve) => port.addEventListener('close', () => resolve()));
  const transport: Transport = {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => port.addEventListener('message', ({ data }) => listener(data)),
    onClose: (listener) => void closed.then(listener),
  };
  port.start();
  return { closed, transport };
}

const keyOf = (address: string): string | undefined => /#token=([\w-]+)/.exec(address)?.[1];

/** Whether the server lets a key in. Rejects where no server of ours answers. */
async function opens(key: string): Promise<boolean> {
  const { status } = await fetch('/rpc', { headers: { authorization: `Bearer ${key}` }, cache: 'no-store' });
  if (status !== 204 && status !== 401) throw new Error('no connection');
  return status === 204;
}

/** Keeps the key in an address that `graft serve` printed for all tabs; false where it opens nothing. */
export async function useAddress(address: string): Promise<boolean> {
  const key = keyOf(address) ?? address.trim();
  if (!(await opens(key))) return false;
  localStorage.setItem(KEY, key);
  return true;
}

/** Read from the address, not tried yet. */
let given: string | undefined;

/**
 * The key of this start comes in the address's fragment once. The browser keeps it for this origin, port included, so
 * that other tabs, links and reloads need none; a wrong one in an address takes no tab the right one away.
 */
async function key(): Promise<string> {
  const inAddress = keyOf(location.hash);
  if (inAddress !== undefined) {
    given = inAddress;
    history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  }
  if (given !== undefined) {
    const tried = given;
    const isKey = await useAddress(tried);
    given = undefined;
    if (isKey) return tried;
  }
  const kept = localStorage.getItem(KEY);
  if (kept === null || !(await opens(kept))) throw new NoKeyError('no key');
  return kept;
}

async function overSocket(): Promise<Opened> {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${location.host}/rpc`, ['graft', `token.${await key()}`]);
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()));
  const transport: Transport = {
    send: (message) => socket.send(JSON.stringify(message)),
    onMessage: (listener) =>
      socket.addEventListener('message', ({ data }) => listener(JSON.parse(String(data)) as unknown)),
    onClose: (listener) => void closed.then(listener),
  };
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve({ transport, closed }));
    socket.addEventListener('error', () => reject(new Error('no connection')));
  });
}

export const rpc = new Connection(() => (window.graft ? overPort(window.graft) : overSocket()));
