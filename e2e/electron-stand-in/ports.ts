import { EventEmitter } from 'node:events';

/** Electron's MessagePortMain: one end of a pair, which may be handed to another process or to a page. */
export class PortMain extends EventEmitter {
  peer: PortMain | undefined;
  private started = false;
  private closed = false;
  private waiting: unknown[] = [];
  private elsewhere: { message(data: unknown): void; close(): void } | undefined;

  postMessage(data: unknown): void {
    this.peer?.deliver(structuredClone(data));
  }

  start(): void {
    this.started = true;
    for (const data of this.waiting.splice(0)) this.deliver(data);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.elsewhere?.close();
    this.emit('close');
    this.peer?.close();
  }

  /** From now on this end lives elsewhere: what comes for it goes there. */
  handOver(elsewhere: { message(data: unknown): void; close(): void }): void {
    this.elsewhere = elsewhere;
    this.start();
  }

  private deliver(data: unknown): void {
    if (this.elsewhere) this.elsewhere.message(data);
    else if (this.started) this.emit('message', { data, ports: [] });
    else this.waiting.push(data);
  }
}

export class MessageChannelMain {
  readonly port1 = new PortMain();
  readonly port2 = new PortMain();

  constructor() {
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
  }
}
