import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { App } from '../backend/app.ts';
import {
  bearsToken,
  carriesToken,
  isOwnHost,
  isOwnOrigin,
  isOwnRequest,
  securityHeaders,
  PROTOCOL,
} from './guards.ts';
import type { StaticFiles } from './static-files.ts';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';

/** What answers plain requests: the built window, or the development server. */
export type Pages = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves the window and the contract on the loopback address. Only a page of its own, asking by the loopback name and
 * knowing the token, gets a connection. Rejects with EADDRINUSE or EACCES where the port cannot be had.
 */
export async function startServer({
  app,
  pages,
  port,
  token,
}: {
  app: Pick<App, 'answer' | 'onEvent'>;
  pages: Pages;
  port: number;
  token: string;
}): Promise<WebServer> {
  const sockets = new Sockets(app);
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 30_000 });
  const bound = (): number => (server.address() as AddressInfo).port;

  server.on('request', (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!isOwnHost(request.headers.host, bound()) || !isOwnRequest(request.headers)) {
      return refuse(response, 403, 'This address is for the Graft window of this machine only.');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(response, 405, 'Only GET and HEAD are answered here.');
    }
    if (request.url === '/rpc')
      return void response.writeHead(bearsToken(request.headers, token) ? 204 : 401).end();
    pages(request, response);
  });

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    // The development server listens to this event too, for its own protocol.
    if (request.headers['sec-websocket-protocol']?.startsWith('vite-') === true) return;
    if (!isOwnHost(request.headers.host, bound()) || !isOwnOrigin(request.headers)) {
      return end(stream, '403 Forbidden');
    }
    if (request.url !== '/rpc') return end(stream, '404 Not Found');
    if (!carriesToken(request.headers['sec-websocket-protocol'], token))
      return end(stream, '401 Unauthorized');
    sockets.accept(request, stream, head);
  });

  let headers: Record<string, string> = {};
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  headers = securityHeaders([`ws://127.0.0.1:${bound()}`, `ws://localhost:${bound()}`]);
  return {
    port: bound(),
    close: async () => {
      sockets.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Answers from the built window. */
export function staticPages(files: StaticFiles): Pages {
  return (request, response) => {
    const { status, headers, body } = files.find(request.url ?? '/', request.headers['if-none-match']);
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

function end(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** The largest message of a window: a part of a dropped file, or many corrected labels. */
const MAX_MESSAGE_BYTES = 16 * 2 ** 20;
/**
 * A window that does not read what it is sent is let go before it costs memory; it connects again and reads anew. Short
 * messages cost more than their bytes, so that their number counts too.
 */
const MAX_WAITING_BYTES = 8 * 2 ** 20;
const MAX_WAITING_MESSAGES = 16_384;
const MAX_WINDOWS = 64;
/** A window that does not say goodbye in this time is cut off. */
const GOODBYE_MS = 300;

/** The contract over WebSockets: JSON messages, one connection a window. */
class Sockets {
  private readonly app: Pick<App, 'answer' | 'onEvent'>;
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => PROTOCOL,
  });
  private readonly unsubscribe: () => void;

  constructor(app: Pick<App, 'answer' | 'onEvent'>) {
    this.app = app;
    this.unsubscribe = app.onEvent((message) => {
      const text = JSON.stringify(message);
      for (const socket of this.server.clients) send(socket, text);
    });
  }

  /** Takes over a request whose Host, Origin and token were found right. */
  accept(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    if (this.server.clients.size >= MAX_WINDOWS) return void stream.destroy();
    this.server.handleUpgrade(request, stream, head, (socket) => {
      // A message over the limit or no WebSocket frame at all: ws closes the connection, nothing else is to do.
      socket.on('error', () => undefined);
      socket.on('message', (data, binary) => void this.receive(socket, data, binary));
    });
  }

  close(): void {
    this.unsubscribe();
    for (const socket of this.server.clients) {
      socket.close(1001, 'Graft was closed');
      setTimeout(() => socket.terminate(), GOODBYE_MS).unref();
    }
    this.server.close();
  }

  private async receive(socket: WebSocket, data: RawData, binary: boolean): Promise<void> {
    if (binary) return socket.close(1003, 'Messages are JSON');
    let message: unknown;
    try {
      message = JSON.parse((data as Buffer).toString('utf8'));
    } catch {
      return socket.close(1007, 'Messages are JSON');
    }
    const reply = await this.app.answer(message);
    if (reply === undefined) return socket.close(1008, 'That is no request');
    send(socket, JSON.stringify(reply));
  }
}

/** Messages that the system has not taken yet. */
const waiting = new WeakMap<WebSocket, number>();

function send(socket: WebSocket, text: string): void {
  if (socket.readyState !== socket.OPEN) return;
  const before = waiting.get(socket) ?? 0;
  if (socket.bufferedAmount > MAX_WAITING_BYTES || before >= MAX_WAITING_MESSAGES) return socket.terminate();
  waiting.set(socket, before + 1);
  socket.send(text, () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
}
