import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { revived } from './engine-run.ts';
import type { PredictionPage, PredictionQuery } from './predictions.ts';
import type { RowsTask, WrittenRows } from './run-rows.ts';

interface Tasks {
  rows: { input: RowsTask; output: WrittenRows };
  predictions: { input: PredictionQuery; output: PredictionPage };
}

export type FromWorker =
  { id: number; output: unknown } | { id: number; fault: FaultValue } | { id: number; defect: string };

/** One thread for what takes long; it is started when it is first asked. */
export class ExperimentWork {
  private worker: Worker | undefined;
  private readonly waiting = new Map<
    number,
    { resolve: (output: never) => void; reject: (error: Error) => void }
  >();
  private next = 1;

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
    const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));
    worker.on('message', (reply: FromWorker) => {
      const one = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      // A thread that waits for nothing must not keep the process.
      if (this.waiting.size === 0) worker.unref();
      if ('output' in reply) one?.resolve(reply.output as never);
      else one?.reject('fault' in reply ? revived(reply.fault) : new Error(reply.defect));
    });
    let failure = new Error('The thread of the experiments area ended.');
    worker.on('error', (error) => void (failure = error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => {
      this.worker = undefined;
      for (const { reject } of this.waiting.values()) reject(failure);
      this.waiting.clear();
    });
    return worker;
  }
}
