import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './messages.ts';
import { failureOf, workerUrl } from './run-task.ts';
import type { TaskInput, TaskName, TaskOutput } from './tasks.ts';

interface Waiting {
  resolve: (output: unknown) => void;
  reject: (error: Error) => void;
}

interface Member {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

/** A few threads that stay, for short questions: they keep their connections to version files open. */
export class WorkerPool {
  private readonly size: number;
  private readonly members: Member[] = [];
  private next = 1;

  constructor(size = 2) {
    this.size = size;
  }

  /** Does a task on the thread with the least to do. */
  ask<Name extends TaskName>(task: Name, input: TaskInput<Name>): Promise<TaskOutput<Name>> {
    const member = this.choose();
    const message: ToWorker = { id: this.next++, task, input };
    return new Promise((resolve, reject) => {
      member.waiting.set(message.id, { resolve: (output) => resolve(output as TaskOutput<Name>), reject });
      member.worker.ref();
      member.worker.postMessage(message);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.members.splice(0).map(({ worker }) => worker.terminate()));
  }

  private choose(): Member {
    const idle = this.members.find(({ waiting }) => waiting.size === 0);
    if (idle) return idle;
    if (this.members.length < this.size) return this.start();
    return this.members.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
  }

  private start(): Member {
    const member: Member = { worker: new Worker(workerUrl, { workerData: null }), waiting: new Map() };
    const { worker, waiting } = member;
    worker.on('message', (reply: FromWorker) => {
      if (reply.kind === 'progress') return;
      const one = waiting.get(reply.id);
      waiting.delete(reply.id);
      // A thread that waits for nothing must not keep the process.
      if (waiting.size === 0) worker.unref();
      if (reply.kind === 'done') one?.resolve(reply.output);
      else one?.reject(failureOf(reply));
    });
    let failure = new Error('A thread of the data sets area ended.');
    worker.on('error', (error) => void (failure = error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => {
      const place = this.members.indexOf(member);
      if (place !== -1) this.members.splice(place, 1);
      for (const { reject } of waiting.values()) reject(failure);
    });
    this.members.push(member);
    return member;
  }
}
