import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { Fault } from '../../../shared/faults/index.ts';
import type { TaskInput, TaskName, TaskOutput } from './tasks/index.ts';

export type FromWorker =
  { id: number; output: unknown } | { id: number; fault: FaultValue } | { id: number; defect: string };

/** The threads of comparing: they read with connections of their own and change nothing. */
export class CompareWork {
  private readonly threads = Array.from(
    { length: Math.max(2, Math.min(4, availableParallelism())) },
    () => new Thread(),
  );

  /** On the first thread, which remembers what it was asked last. */
  ask<Name extends TaskName>(task: Name, input: TaskInput<Name>): Promise<TaskOutput<Name>> {
    return this.threads[0]!.ask(task, input);
  }

  /** Deals items out to all threads, each of which does `inputOf` its share. */
  async share<Name extends TaskName, Item>(
    task: Name,
    items: readonly Item[],
    inputOf: (items: Item[]) => TaskInput<Name>,
  ): Promise<TaskOutput<Name>[]> {
    const shares = this.threads.map((_, thread) =>
      items.filter((__, i) => i % this.threads.length === thread),
    );
    return Promise.all(
      shares.flatMap((own, thread) =>
        own.length === 0 ? [] : [this.threads[thread]!.ask(task, inputOf(own))],
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}

/** Started when it is first asked; does one task after the other. */
class Thread {
  private worker: Worker | undefined;
  private readonly waiting = new Map<
    number,
    { resolve: (output: never) => void; reject: (error: Error) => void }
  >();
  private next = 1;

  ask<Name extends TaskName>(task: Name, input: TaskInput<Name>): Promise<TaskOutput<Name>> {
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
    const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));
    worker.on('message', (reply: FromWorker) => {
      const one = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      // A thread that waits for nothing must not keep the process.
      if (this.waiting.size === 0) worker.unref();
      if ('output' in reply) one?.resolve(reply.output as never);
      else if ('fault' in reply) one?.reject(new Fault(reply.fault.code, reply.fault));
      else one?.reject(new Error(reply.defect));
    });
    let failure = new Error('A thread of the compare area ended.');
    worker.on('error', (error) => void (failure = error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => {
      this.worker = undefined;
      for (const { reject } of this.waiting.values()) reject(failure);
      this.waiting.clear();
    });
    return worker;
  }
}
