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

const RETRY_MS = 1000;
const TOKEN_KEY = 'graft-token';
const eventNames = Object.keys(events) as EventName[];

/** Requests and events to the backend over whatever the host offers. Connects at the first call, and again by itself. */
export class Connection implements Rpc {
  private client: Promise<RpcClient> | undefined;
  private readonly open: () => Promise<Opened>;
  private readonly listeners = new Map<EventName, Set<Listener>>();
  private readonly watchers = new Set<(connected: boolean) => void>();

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

  /** Tells when the connection is lost and when it is there again. Returns its own unsubscribe. */
  onConnection(watcher: (connected: boolean) => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  private async connect(): Promise<RpcClient> {
    for (;;) {
      const opened = await this.open().catch(() => undefined);
      if (opened) return this.use(opened);
      this.tell(false);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private use({ transport, closed }: Opened): RpcClient {
    const client = new RpcClient(transport);
    for (const name of eventNames) client.on(name, (data) => this.emit(name, data));
    void closed.then(() => {
      this.tell(false);
      this.client = this.connect();
      void this.client.then(() => this.emit('system/restarted', {}));
    });
    this.tell(true);
    return client;
  }

  private emit(name: EventName, data: unknown): void {
    for (const listener of this.listeners.get(name) ?? []) listener(data as never);
  }

  private tell(connected: boolean): void {
    for (const watcher of this.watchers) watcher(connected);
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

/** The token of this start comes in the address's fragment once; this tab keeps it over reloads. */
function token(): string {
  const given = /^#token=([\w-]+)/.exec(location.hash)?.[1];
  if (given === undefined) return sessionStorage.getItem(TOKEN_KEY) ?? '';
  sessionStorage.setItem(TOKEN_KEY, given);
  history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  return given;
}

function overSocket(): Promise<Opened> {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${location.host}/rpc`, ['graft', `token.${token()}`]);
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
