import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeArguments } from '../../scripts/setup/node24.mjs';
import type { PortMain } from './ports.ts';
import { tellSpec } from './registry.ts';

const childSide = fileURLToPath(new URL('./utility-child.ts', import.meta.url));

/** What goes between the two sides of a utility process. */
export type UtilityMessage =
  | { kind: 'message'; data: unknown; ports: number[] }
  | { kind: 'port'; port: number; data: unknown }
  | { kind: 'port-closed'; port: number };

class UtilityProcess extends EventEmitter {
  private readonly child: ChildProcess;
  private readonly ports = new Map<number, PortMain>();
  private next = 1;

  constructor(file: string, args: string[]) {
    super();
    this.child = fork(file, args, {
      serialization: 'advanced',
      execArgv: ['--import', childSide, ...nodeArguments],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child.on('spawn', () => this.emit('spawn'));
    this.child.on('message', (message) => this.receive(message as UtilityMessage));
    this.child.on('exit', (code, signal) => {
      for (const port of this.ports.values()) port.peer?.close();
      this.emit('exit', code ?? (signal === null ? 1 : 15));
    });
  }

  get pid(): number | undefined {
    return this.child.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  postMessage(data: unknown, ports: PortMain[] = []): void {
    const numbers = ports.map((port) => {
      const number = this.next++;
      this.ports.set(number, port);
      port.handOver({
        message: (portData) => this.send({ kind: 'port', port: number, data: portData }),
        close: () => this.send({ kind: 'port-closed', port: number }),
      });
      return number;
    });
    this.send({ kind: 'message', data, ports: numbers });
  }

  kill(): boolean {
    return this.child.kill('SIGTERM');
  }

  private send(message: UtilityMessage): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private receive(message: UtilityMessage): void {
    if (message.kind === 'message') this.emit('message', message.data);
    else if (message.kind === 'port') this.ports.get(message.port)?.postMessage(message.data);
    else this.ports.get(message.port)?.close();
  }
}

export const utilityProcess = {
  fork: (file: string, args: string[] = [], { serviceName }: { serviceName?: string } = {}) => {
    tellSpec({ type: 'utility-process', service: serviceName });
    return new UtilityProcess(file, args);
  },
};
