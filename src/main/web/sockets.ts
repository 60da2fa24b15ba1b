import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { App } from '../backend/app.ts';
import { PROTOCOL } from './guards.ts';

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
export class Sockets {
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
