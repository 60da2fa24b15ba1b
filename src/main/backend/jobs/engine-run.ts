import os from 'node:os';
import { z } from 'zod';
import type { FaultValue } from '../../../shared/contract/message.ts';
import {
  fromEngineSchema,
  type FromEngine,
  type Keep,
  type ToEngine,
} from '../../../shared/engine-protocol.ts';
import { fault, Fault } from '../../../shared/faults/index.ts';
import type { BackendContext } from '../context.ts';
import type { EngineProcess, Host } from '../host.ts';
import type { JobControl } from './jobs.ts';

/** How an engine process ended. */
export type EngineEnd =
  | { kind: 'result'; output: unknown }
  /** It said itself what went wrong. */
  | { kind: 'fault'; fault: FaultValue }
  /** It ended without a word; `code` as a person may look it up. */
  | { kind: 'memory' }
  | { kind: 'killed'; signal: string }
  | { kind: 'crashed'; code: string }
  | { kind: 'hung'; seconds: number };

/** It did not say itself what went wrong. */
export type SilentEnd = Exclude<EngineEnd, { kind: 'result' | 'fault' }>;

/** How long an engine may be silent, in milliseconds. */
export interface Patience {
  /** At least this long; starting and compiling a large graph are silent too. */
  floorMs: number;
  /** So many times its longest silence so far, where that is more: a step of a large model blocks the process. */
  times: number;
}
const patience: Patience = { floorMs: 180_000, times: 20 };

/** A check that comes this late says that the machine slept. */
const ASLEEP_MS = 10_000;

/** Share of the machine's memory from which on an unexplained SIGKILL is taken for the system's own. */
const MOST_OF_MEMORY = 0.7;

export interface EngineRunOptions {
  host: Host;
  job: string;
  input: unknown;
  onMessage?: (message: FromEngine) => void;
  patience?: Patience;
}

/** One engine process and its one job, watched until its end. */
export class EngineRun {
  /** Never rejects. */
  readonly ended: Promise<EngineEnd>;
  private readonly process: EngineProcess;
  private readonly patience: Patience;
  private end: EngineEnd | undefined;
  private memoryMb = 0;
  private lastSign = performance.now();
  private lastCheck = performance.now();
  private longestSilence = 0;
  private readonly asked = new Map<
    number,
    { resolve: (output: unknown) => void; reject: (error: Error) => void }
  >();
  private nextAsk = 1;

  /** Throws `experiments/engine-start`. */
  constructor({ host, job, input, onMessage, patience: given = patience }: EngineRunOptions) {
    this.patience = given;
    try {
      this.process = host.startEngine();
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw fault('experiments/engine-start', { detail }, error);
    }
    const watch = setInterval(() => this.checkSilence(), Math.min(1000, given.floorMs / 4));
    this.ended = new Promise((resolve) => {
      this.process.onExit((code, signal) => {
        clearInterval(watch);
        resolve(this.end ?? this.unexplained(code, signal));
      });
    });
    this.process.onMessage((value) => {
      const { data: message } = fromEngineSchema.safeParse(value);
      if (!message) return;
      this.sign();
      if (message.type === 'alive') this.memoryMb = message.memoryMb;
      else if (message.type === 'result') this.end = { kind: 'result', output: message.output };
      else if (message.type === 'fault') this.end = { kind: 'fault', fault: message.fault };
      else if (message.type === 'answer') this.settle(message.id)?.resolve(message.output);
      else if (message.type === 'refusal')
        this.settle(message.id)?.reject(new Fault(message.fault.code, message.fault));
      onMessage?.(message);
      // In a utility process the engine waits for this: it cannot know that its last word has arrived.
      if (this.end) this.process.kill();
    });
    this.send({ type: 'start', job, input });
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** A question to a job that stays open. Rejects with its fault; stays open where the process ends (`ended`). */
  ask(input: unknown): Promise<unknown> {
    const id = this.nextAsk++;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.send({ type: 'ask', id, input });
    });
  }

  /** Asks for an end that keeps what was done. */
  stop(keep: Keep): void {
    this.send({ type: 'stop', keep });
  }

  /** Ends it now. */
  kill(): void {
    this.process.kill('SIGKILL');
  }

  private settle(id: number): ReturnType<typeof this.asked.get> {
    const asked = this.asked.get(id);
    this.asked.delete(id);
    return asked;
  }

  private send(message: ToEngine): void {
    this.process.send(message);
  }

  private sign(): void {
    const now = performance.now();
    this.longestSilence = Math.max(this.longestSilence, now - this.lastSign);
    this.lastSign = now;
  }

  private checkSilence(): void {
    const now = performance.now();
    // This process was asleep itself (a closed lid): the engine gets its time again.
    if (now - this.lastCheck > ASLEEP_MS) this.lastSign = now;
    this.lastCheck = now;
    const silent = now - this.lastSign;
    if (silent < Math.max(this.patience.floorMs, this.patience.times * this.longestSilence)) return;
    this.end ??= { kind: 'hung', seconds: Math.round(silent / 1000) };
    this.kill();
  }

  private unexplained(code: number | null, signal: string | null): EngineEnd {
    const named = signal ?? signalOf(code) ?? null;
    if (named === 'SIGABRT') return { kind: 'memory' };
    if (named === 'SIGKILL' && this.memoryMb * 2 ** 20 > MOST_OF_MEMORY * os.totalmem())
      return { kind: 'memory' };
    if (named === 'SIGKILL' || named === 'SIGTERM' || named === 'SIGINT' || named === 'SIGHUP')
      return { kind: 'killed', signal: named };
    return { kind: 'crashed', code: named ?? `exit code ${code ?? 'unknown'}` };
  }
}

const signals = ['SIGABRT', 'SIGKILL', 'SIGSEGV', 'SIGTERM'] as const;

/** Electron gives a signal's number as the code, a shell 128 more. */
const signalOf = (code: number | null): string | undefined =>
  signals.find((name) => [0, 128].some((more) => code === os.constants.signals[name] + more));

export interface EngineJobOptions extends Omit<EngineRunOptions, 'patience'> {
  signal?: AbortSignal;
  /** How long an abort waits for the job to end by itself and keep what was done; not given: it is killed at once. */
  stopMs?: number;
  /** What to throw when it ended without a word. */
  ended?: (end: SilentEnd) => Fault;
}

/**
 * Runs one job in an engine process and gives its output. Aborting `signal` ends it. Throws the job's faults, that of
 * `ended` (`experiments/…` of a training where it is not given), and the signal's reason.
 */
export async function runEngineJob(options: EngineJobOptions): Promise<unknown> {
  const { signal, stopMs = 0, ended } = options;
  signal?.throwIfAborted();
  const run = new EngineRun(options);
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (stopMs === 0) return run.kill();
    run.stop('checkpoint');
    timer = setTimeout(() => run.kill(), stopMs);
  };
  signal?.addEventListener('abort', stop, { once: true });
  const end = await run.ended;
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  if (end.kind === 'result') return end.output;
  signal?.throwIfAborted();
  if (end.kind === 'fault') throw new Fault(end.fault.code, end.fault);
  throw ended ? ended(end) : endFault(end, 0, null);
}

/**
 * As `runEngineJob`, as a job that windows watch and stop; `doing`: "Combining the adapters". Throws
 * `experiments/job-…` too.
 */
export const watchedEngineJob = (
  { host }: Pick<BackendContext, 'host'>,
  control: JobControl,
  doing: string,
  { job, input }: Pick<EngineRunOptions, 'job' | 'input'>,
): Promise<unknown> =>
  runEngineJob({
    ...{ host, job, input, signal: control.signal, onMessage: progressTo(control) },
    ended: (end) =>
      end.kind === 'memory'
        ? fault('experiments/job-memory', { doing })
        : fault('experiments/job-ended', { doing, how: wayOf(end) }),
  });

/** How a process ended, in a few words. */
export function wayOf(end: Exclude<SilentEnd, { kind: 'memory' }>): string {
  if (end.kind === 'killed') return end.signal;
  return end.kind === 'crashed' ? end.code : `no sign of life for ${end.seconds} s`;
}

const progressSchema = z
  .object({
    type: z.literal('progress'),
    phase: z.string(),
    done: z.number(),
    total: z.number(),
    unit: z.string(),
  })
  .transform(({ type: _, ...progress }) => progress);

/** Hands the progress that an engine tells of on to windows. */
export const progressTo =
  (control: JobControl) =>
  (message: FromEngine): void => {
    const { data } = progressSchema.safeParse(message.type === 'event' ? message.event : null);
    if (data) control.progress(data);
  };

/** What happened, at which step, and that it can go on from `checkpoint` (a step; null: there is none). */
export function endFault(end: SilentEnd, step: number, checkpoint: number | null): Fault {
  const at = { step, checkpoint };
  if (end.kind === 'memory') return fault('experiments/ran-out-of-memory', at);
  if (end.kind === 'killed') return fault('experiments/killed', { ...at, signal: end.signal });
  if (end.kind === 'crashed') return fault('experiments/crashed', { ...at, code: end.code });
  return fault('experiments/hung', { ...at, seconds: end.seconds });
}
