import { events, type EventName, type EventOf, type InputOf, type MethodName, type OutputOf } from '../shared/contract.ts';
import { RpcClient, type Transport } from '../shared/rpc-client.ts';

declare global {
  interface Window {
    /** What the desktop's preload gives; a browser has none. */
    graft?: { port(): Promise<MessagePort>; pathForFile(file: File): string };
  }
}

type Opened = { transport: Transport; closed: Promise<void> };
type Listener = (data: never) => void;

const RETRY_MS = 1000;
const TOKEN_KEY = 'graft-token';

const eventNames = Object.keys(events) as EventName[];

/** Requests and events to the backend over whatever the host offers. It connects again by itself. */
class Connection {
  private client: Promise<RpcClient>;
  private readonly listeners = new Map<EventName, Set<Listener>>();
  private readonly watchers = new Set<(connected: boolean) => void>();

  constructor() {
    this.client = this.connect();
  }

  async call<Name extends MethodName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
    return (await this.client).call(name, input);
  }

  /** Returns its own unsubscribe. */
  on<Name extends EventName>(name: Name, listener: (data: EventOf<Name>) => void): () => void {
    const all = this.listeners.get(name) ?? new Set<Listener>();
    this.listeners.set(name, all);
    all.add(listener as Listener);
    return () => void all.delete(listener as Listener);
  }

  /** Told when the connection is lost and when it is there again. */
  onConnection(watcher: (connected: boolean) => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  private async connect(): Promise<RpcClient> {
    for (;;) {
      const opened = await open().catch(() => undefined);
      if (opened) return this.use(opened);
      this.tell(false);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private use({ transport, closed }: Opened): RpcClient {
    const client = new RpcClient(transport);
    for (const name of eventNames) {
      client.on(name, (data) => {
        for (const listener of this.listeners.get(name) ?? []) listener(data as never);
      });
    }
    void closed.then(() => {
      this.tell(false);
      this.client = this.connect();
    });
    this.tell(true);
    return client;
  }

  private tell(connected: boolean): void {
    for (const watcher of this.watchers) watcher(connected);
  }
}

async function open(): Promise<Opened> {
  return window.graft ? overPort(await window.graft.port()) : overSocket();
}

function overPort(port: MessagePort): Opened {
  const closed = new Promise<void>((resolve) => port.addEventListener('close', () => resolve()));
  port.start();
  return {
    closed,
    transport: {
      send: (message) => port.postMessage(message),
      onMessage: (listener) => port.addEventListener('message', ({ data }) => listener(data)),
      onClose: (listener) => void closed.then(listener),
    },
  };
}

/** The token of this start comes in the address's fragment once and is then kept for this tab. */
function token(): string {
  const given = /^#token=([\w-]+)/.exec(location.hash)?.[1];
  if (given !== undefined) {
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  }
  return given ?? sessionStorage.getItem(TOKEN_KEY) ?? '';
}

function overSocket(): Promise<Opened> {
  const secure = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${secure}://${location.host}/rpc`, ['graft', `token.${token()}`]);
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

export const rpc = new Connection();
export const call: Connection['call'] = (name, input) => rpc.call(name, input);
export const on: Connection['on'] = (name, listener) => rpc.on(name, listener);
