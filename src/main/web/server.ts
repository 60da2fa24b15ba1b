import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { App } from '../backend/app.ts';
import { bearsToken, carriesToken, isOwnHost, isOwnOrigin, isOwnRequest, securityHeaders } from './guards.ts';
import { Sockets } from './sockets.ts';
import type { StaticFiles } from './static-files.ts';

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
