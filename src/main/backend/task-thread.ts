import { Worker } from 'node:worker_threads';
import type { FaultValue } from '../../shared/contract/message.ts';
import { revived } from './experiments/engine-run.ts';

/** What a thread sends back of the task `id`. */
export type FromThread =
  { id: number; output: unknown } | { id: number; fault: FaultValue } | { id: number; defect: string };

/** One thread for what takes long, started when it is first asked; its module answers with `answerTask`. */
export class TaskThread<Tasks extends Record<keyof Tasks, { input: unknown; output: unknown }>> {
  private readonly entry: URL;
  private readonly area: string;
  private worker: Worker | undefined;
  private readonly waiting = new Map<
    number,
    { resolve: (output: never) => void; reject: (error: Error) => void }
  >();
  private next = 1;

  /** `entry`: the module that it runs; `area`: what a message about its end calls it. */
  constructor(entry: URL, area: string) {
    this.entry = entry;
    this.area = area;
  }

  ask<Name extends keyof Tasks>(task: Name, input: Tasks[Name]['input']): Promise<Tasks[Name]['output']> {
    const worker = (this.worker ??= this.start());
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, task, input });
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(this.entry);
    worker.on('message', (reply: FromThread) => {
      const one = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      // A thread that waits for nothing must not keep the process.
      if (this.waiting.size === 0) worker.unref();
      if ('output' in reply) one?.resolve(reply.output as never);
      else one?.reject('fault' in reply ? revived(reply.fault) : new Error(reply.defect));
    });
    let failure = new Error(`The thread of ${this.area} ended.`);
    worker.on('error', (error) => void (failure = error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => {
      this.worker = undefined;
      for (const { reject } of this.waiting.values()) reject(failure);
      this.waiting.clear();
    });
    return worker;
  }
}
