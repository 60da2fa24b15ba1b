// Loaded before a utility process's own program: gives it `process.parentPort`, as Electron does.
import { EventEmitter } from 'node:events';
import type { UtilityMessage } from './utility-process.ts';

class ChildPort extends EventEmitter {
  private readonly number: number;
  private started = false;
  private waiting: unknown[] = [];

  constructor(number: number) {
    super();
    this.number = number;
  }

  postMessage(data: unknown): void {
    send({ kind: 'port', port: this.number, data });
  }

  start(): void {
    this.started = true;
    for (const data of this.waiting.splice(0)) this.receive(data);
  }

  close(): void {
    send({ kind: 'port-closed', port: this.number });
  }

  receive(data: unknown): void {
    if (this.started) this.emit('message', { data, ports: [] });
    else this.waiting.push(data);
  }
}

const ports = new Map<number, ChildPort>();
const send = (message: UtilityMessage): void =>
  void process.send?.(message, undefined, undefined, () => undefined);

class ParentPort extends EventEmitter {
  postMessage(data: unknown): void {
    send({ kind: 'message', data, ports: [] });
  }
}
const parentPort = new ParentPort();
Object.defineProperty(process, 'parentPort', { value: parentPort });

process.on('message', (message: UtilityMessage) => {
  if (message.kind === 'message') {
    const given = message.ports.map((number) => {
      const port = new ChildPort(number);
      ports.set(number, port);
      return port;
    });
    parentPort.emit('message', { data: message.data, ports: given });
  } else if (message.kind === 'port') ports.get(message.port)?.receive(message.data);
  else {
    ports.get(message.port)?.emit('close');
    ports.delete(message.port);
  }
});
process.on('disconnect', () => process.exit(1));
