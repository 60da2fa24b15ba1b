import { extname } from 'node:path';
import { Worker, type ResourceLimits } from 'node:worker_threads';
import type { Job } from '../../../shared/contract/jobs.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { Fault } from '../../../shared/faults/index.ts';
import { given } from '../../../shared/fields.ts';

export type Progress = Pick<Job, 'phase' | 'done' | 'total' | 'unit'>;
/** How a task says how far it is; `unit`: "rows" where it is not given. */
export type Tell = (phase: string, done: number, total: number, unit?: string) => void;

/** Tasks by name: what a module exports as `tasks`. Each is loaded in the thread, when it is first asked for. */
export type TaskTable = Record<string, () => unknown>;
type Task<Load extends () => unknown> =
  Awaited<ReturnType<Load>> extends (input: infer Input, tell: Tell) => infer Output
    ? { input: Input; output: Awaited<Output> }
    : never;
export type TaskInput<Table, Name extends keyof Table> = Table[Name] extends () => unknown
  ? Task<Table[Name]>['input']
  : never;
export type TaskOutput<Table, Name extends keyof Table> = Table[Name] extends () => unknown
  ? Task<Table[Name]>['output']
  : never;

/** A module whose `tasks` threads do. */
export interface TaskModule<Table> {
  readonly url: string;
  /** There for its type only. */
  readonly tasks?: Table;
}

/** The module `name` beside the one that asks (`import.meta.url`), or that one itself. */
export function taskModule<Table extends TaskTable>(base: string, name?: string): TaskModule<Table> {
  return { url: name === undefined ? base : new URL(`${name}${extname(base)}`, base).href };
}

/** A thread's last message of a task, or one before it. */
export type FromThread =
  { progress: Progress } | { output: unknown } | { fault: FaultValue } | { defect: string };

/** Why a thread did not answer. */
export type ThreadEnd =
  | { kind: 'late'; seconds: number }
  | { kind: 'memory'; megabytes: number }
  | { kind: 'crashed'; detail: string }
  | { kind: 'closed' };

export interface ThreadOptions<Table> {
  /** Threads that work at the same time, each on one task. */
  size?: number;
  /** A task that takes longer is ended with its thread. */
  deadlineMs?: number;
  limits?: ResourceLimits;
  /** Of its heap and the buffers beside it, which are not under the limits: a thread that holds more is ended. */
  mostMegabytes?: number;
  /** What is thrown where a thread did not answer. */
  ended?: (end: ThreadEnd, input: TaskInput<Table, keyof Table>) => Error;
}

export interface AskOptions {
  /** A task cannot be told to stop: its thread ends with it, and what it left under temporary names is the asker's. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** In place of that of all tasks. */
  deadlineMs?: number;
  /** What is thrown where its thread did not answer. */
  ended?: (end: ThreadEnd) => Error;
}

interface Question extends AskOptions {
  message: { task: PropertyKey; input: unknown };
  resolve: (output: unknown) => void;
  reject: (error: unknown) => void;
}

interface Thread {
  worker: Worker;
  question: Question | undefined;
  deadline: NodeJS.Timeout | undefined;
  watch: NodeJS.Timeout | undefined;
}

/** So often it is looked at what a thread holds. */
const LOOK_MS = 50;

const entry = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Threads that stay, and keep what their tasks remember: each is started when it is needed and does one task at a time.
 * One that ends with its task (late, given up, out of memory) is replaced for the next in line.
 */
export class Threads<Table> {
  private readonly module: TaskModule<Table>;
  private readonly options: ThreadOptions<Table>;
  private readonly threads: Thread[] = [];
  private readonly line: Question[] = [];

  constructor(module: TaskModule<Table>, options: ThreadOptions<Table> = {}) {
    this.module = module;
    this.options = options;
  }

  /** Throws what the task throws, what `ended` gives, and the reason of `signal`, once the thread is gone. */
  ask<Name extends keyof Table>(
    task: Name,
    input: TaskInput<Table, Name>,
    { signal, onProgress, ended, deadlineMs = this.options.deadlineMs }: AskOptions = {},
  ): Promise<TaskOutput<Table, Name>> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const giveUp = (): void => this.giveUp(question, signal?.reason);
      const settled = <Value>(settle: (value: Value) => void) => {
        return (value: Value): void => {
          signal?.removeEventListener('abort', giveUp);
          settle(value);
        };
      };
      const question: Question = {
        message: { task, input },
        resolve: settled((output) => resolve(output as TaskOutput<Table, Name>)),
        reject: settled(reject),
        onProgress,
        ...given({ deadlineMs, ended }),
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.line.push(question);
      this.handOut();
    });
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    for (const question of this.line.splice(0)) question.reject(this.failure({ kind: 'closed' }, question));
    await Promise.all([...this.threads].map((thread) => this.end(thread, { kind: 'closed' })));
  }

  private handOut(): void {
    const { size = 1, mostMegabytes } = this.options;
    while (this.line.length > 0) {
      const idle = this.threads.find(({ question }) => question === undefined);
      if (!idle && this.threads.length >= size) return;
      const thread = idle ?? this.start();
      thread.question = this.line.shift()!;
      thread.worker.ref();
      thread.worker.postMessage(thread.question.message);
      const { deadlineMs } = thread.question;
      if (mostMegabytes !== undefined)
        thread.watch = setInterval(() => void this.checkMemory(thread, mostMegabytes), LOOK_MS);
      if (deadlineMs === undefined) continue;
      const late = { kind: 'late', seconds: Math.ceil(deadlineMs / 1000) } as const;
      thread.deadline = setTimeout(() => void this.end(thread, late), deadlineMs);
    }
  }

  private start(): Thread {
    const { limits } = this.options;
    const worker = new Worker(entry, {
      workerData: this.module.url,
      ...(limits && { resourceLimits: limits }),
    });
    const thread: Thread = { worker, question: undefined, deadline: undefined, watch: undefined };
    worker.on('message', (reply: FromThread) => {
      if ('progress' in reply) return thread.question?.onProgress?.(reply.progress);
      const question = this.release(thread);
      // A thread that waits for nothing must not keep the process.
      worker.unref();
      if ('output' in reply) question?.resolve(reply.output);
      else
        question?.reject(
          'fault' in reply ? new Fault(reply.fault.code, reply.fault) : new Error(reply.defect),
        );
      this.handOut();
    });
    let end: ThreadEnd = { kind: 'crashed', detail: 'its thread ended early' };
    worker.on('error', (error: unknown) => {
      const full = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (full) end = { kind: 'memory', megabytes: limits?.maxOldGenerationSizeMb ?? 0 };
      else end = { kind: 'crashed', detail: error instanceof Error ? error.message : String(error) };
    });
    worker.on('exit', () => void this.end(thread, end));
    this.threads.push(thread);
    return thread;
  }

  private giveUp(question: Question, reason: unknown): void {
    const waiting = this.line.indexOf(question);
    const thread = this.threads.find((each) => each.question === question);
    if (waiting !== -1) this.line.splice(waiting, 1)[0]!.reject(reason);
    else if (thread) void this.end(thread, () => reason);
  }

  private async checkMemory(thread: Thread, megabytes: number): Promise<void> {
    // One that has ended says by its answer, or its error, how.
    const held = await thread.worker.getHeapStatistics().catch(() => null);
    if (held && held.used_heap_size + held.external_memory > megabytes * 2 ** 20)
      await this.end(thread, { kind: 'memory', megabytes });
  }

  private release(thread: Thread): Question | undefined {
    const { question } = thread;
    clearTimeout(thread.deadline);
    clearInterval(thread.watch);
    thread.question = undefined;
    return question;
  }

  private async end(thread: Thread, why: ThreadEnd | (() => unknown)): Promise<void> {
    const known = this.threads.indexOf(thread);
    if (known === -1) return;
    this.threads.splice(known, 1);
    const question = this.release(thread);
    await thread.worker.terminate();
    question?.reject(typeof why === 'function' ? why() : this.failure(why, question));
    this.handOut();
  }

  private failure(end: ThreadEnd, { message: { task, input }, ended }: Question): Error {
    const error = ended?.(end) ?? this.options.ended?.(end, input as TaskInput<Table, keyof Table>);
    return error ?? new Error(`"${String(task)}" has no answer: ${endText(end)}.`);
  }
}

/** "it takes longer than 60 s" */
export function endText(end: ThreadEnd): string {
  switch (end.kind) {
    case 'late':
      return `it takes longer than ${end.seconds} s`;
    case 'memory':
      return `it takes more than ${end.megabytes} MB of memory`;
    case 'crashed':
      return end.detail;
    case 'closed':
      return 'Graft ends';
  }
}

/** How long the thread of a task waits for the next one of its module: starting it takes longer than most tasks. */
const KEPT_MS = 10_000;
const kept = new Map<string, { threads: unknown; timer: NodeJS.Timeout }[]>();

function take<Table>({ url }: TaskModule<Table>): Threads<Table> | undefined {
  const found = kept.get(url)?.pop();
  clearTimeout(found?.timer);
  return found?.threads as Threads<Table> | undefined;
}

function keep<Table>({ url }: TaskModule<Table>, threads: Threads<Table>): void {
  const waiting = kept.get(url) ?? [];
  kept.set(url, waiting);
  const timer = setTimeout(() => {
    waiting.splice(waiting.indexOf(entry), 1);
    void threads.close();
  }, KEPT_MS).unref();
  const entry = { threads, timer };
  waiting.push(entry);
}

/** Does one task on a thread that does nothing else meanwhile. Throws as `Threads.ask` does. */
export async function runTask<Table, Name extends keyof Table>(
  module: TaskModule<Table>,
  task: Name,
  input: TaskInput<Table, Name>,
  options: AskOptions & Pick<ThreadOptions<Table>, 'limits' | 'mostMegabytes'> = {},
): Promise<TaskOutput<Table, Name>> {
  const { limits, mostMegabytes, ...asking } = options;
  const bounds = given({ limits, mostMegabytes });
  // A bounded thread is its task's own.
  const isOwn = Object.keys(bounds).length > 0;
  const threads = (isOwn ? undefined : take(module)) ?? new Threads<Table>(module, bounds);
  try {
    return await threads.ask(task, input, asking);
  } finally {
    if (isOwn) await threads.close();
    else keep(module, threads);
  }
}
