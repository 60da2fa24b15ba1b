import { Worker } from 'node:worker_threads';
import { fault } from '../../../../shared/faults/index.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { failureOf, workerUrl } from './run-task.ts';
import type { TaskInput, TaskName, TaskOutput } from './tasks.ts';

interface Question {
  message: ToWorker;
  resolve: (output: unknown) => void;
  reject: (error: unknown) => void;
}

interface Member {
  worker: Worker;
  /** What it works on; it has one at a time, so that ending it ends nothing else. */
  question: Question | undefined;
  deadline: NodeJS.Timeout | undefined;
}

/** Longer than any question takes that a person waits for. */
const DEADLINE_MS = 60_000;

/**
 * A few threads that stay, for questions that somebody waits for: they keep their connections to version files open.
 * One that takes too long is ended with its thread, and the next in line gets a new one.
 */
export class WorkerPool {
  private readonly size: number;
  private readonly deadlineMs: number;
  private readonly members: Member[] = [];
  private readonly line: Question[] = [];
  private next = 1;

  constructor({ size = 2, deadlineMs = DEADLINE_MS } = {}) {
    this.size = size;
    this.deadlineMs = deadlineMs;
  }

  /**
   * Does a task as soon as a thread is free. Throws `datasets/too-slow`, the reason of `signal` where it gave the
   * question up, and what the task throws.
   */
  ask<Name extends TaskName>(
    task: Name,
    input: TaskInput<Name>,
    signal?: AbortSignal,
  ): Promise<TaskOutput<Name>> {
    signal?.throwIfAborted();
    const message: ToWorker = { id: this.next++, task, input };
    return new Promise((resolve, reject) => {
      const question = { message, resolve: (output: unknown) => resolve(output as TaskOutput<Name>), reject };
      this.line.push(question);
      signal?.addEventListener('abort', () => this.giveUp(question, signal.reason), { once: true });
      this.handOut();
    });
  }

  /** A thread that works on it ends with it: a task cannot be told to stop. */
  private giveUp(question: Question, reason: unknown): void {
    const place = this.line.indexOf(question);
    const member = this.members.find((one) => one.question === question);
    if (place !== -1) this.line.splice(place, 1)[0]!.reject(reason);
    else if (member) void this.end(member, reason);
  }

  async close(): Promise<void> {
    const ended = new Error('The data sets area was closed.');
    for (const { reject } of this.line.splice(0)) reject(ended);
    await Promise.all(this.members.splice(0).map((member) => this.end(member, ended)));
  }

  private handOut(): void {
    while (this.line.length > 0) {
      const idle = this.members.find(({ question }) => question === undefined);
      if (!idle && this.members.length >= this.size) return;
      this.give(idle ?? this.start(), this.line.shift()!);
    }
  }

  private give(member: Member, question: Question): void {
    const seconds = Math.ceil(this.deadlineMs / 1000);
    member.question = question;
    member.deadline = setTimeout(
      () => void this.end(member, fault('datasets/too-slow', { seconds })),
      this.deadlineMs,
    );
    member.worker.ref();
    member.worker.postMessage(question.message);
  }

  /** What a member worked on is free again: `settle` answers it. */
  private done(member: Member, settle: (question: Question) => void): void {
    const { worker, question, deadline } = member;
    clearTimeout(deadline);
    // A thread that waits for nothing must not keep the process.
    worker.unref();
    member.question = undefined;
    if (question) settle(question);
  }

  private async end(member: Member, reason: unknown): Promise<void> {
    const place = this.members.indexOf(member);
    if (place !== -1) this.members.splice(place, 1);
    this.done(member, ({ reject }) => reject(reason));
    await member.worker.terminate();
    this.handOut();
  }

  private start(): Member {
    const worker = new Worker(workerUrl, { workerData: null });
    const member: Member = { worker, question: undefined, deadline: undefined };
    worker.on('message', (reply: FromWorker) => {
      if (reply.kind === 'progress' || reply.id !== member.question?.message.id) return;
      this.done(member, ({ resolve, reject }) =>
        reply.kind === 'done' ? resolve(reply.output) : reject(failureOf(reply)),
      );
      this.handOut();
    });
    let failure: unknown = new Error('A thread of the data sets area ended.');
    worker.on('error', (error) => void (failure = error));
    worker.on('exit', () => {
      if (this.members.includes(member)) void this.end(member, failure);
    });
    this.members.push(member);
    return member;
  }
}
