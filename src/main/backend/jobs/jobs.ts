import { randomUUID } from 'node:crypto';
import type { Handlers } from '../../../shared/contract.ts';
import type { jobMethods, Job } from '../../../shared/contract/jobs.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { fault } from '../../../shared/faults/index.ts';
import { systemFault } from '../../../shared/faults/system.ts';
import type { Progress } from '../../engine/threads/threads.ts';

/** What a job's work is given. Aborting must leave nothing half done. */
export interface JobControl {
  signal: AbortSignal;
  progress: (now: Progress) => void;
  /** Resolves at once, or when a paused job goes on; rejects when it is cancelled. */
  unpaused(): Promise<void>;
  /** Called when the job is paused: what is under way may be cut off, `work` is expected to wait on `unpaused`. */
  onPause(listener: () => void): void;
}

/** For work that a job's window watches and stops. */
export const told = ({ signal, progress }: Pick<JobControl, 'signal' | 'progress'>) => ({
  signal,
  onProgress: progress,
});

export interface JobStart {
  kind: Job['kind'];
  title: string;
  /** While a job runs under it, starting another gives that one. */
  key?: string;
  canPause?: boolean;
  /** Resolves to what came of it: an id, or null. */
  work: (control: JobControl) => Promise<string | null>;
  /** Called when it has ended, however it did. */
  ended?: () => void;
}

interface Held {
  job: Job;
  key: string | undefined;
  abort: AbortController;
  pauseListeners: (() => void)[];
  goOn: (() => void)[];
  /** For the rate: done and time of the last seconds. */
  marks: { done: number; at: number }[];
  told: number;
  finished: Promise<Job>;
}

/** A window is told at most this often of one job's progress. */
const TELL_MS = 200;
const RATE_WINDOW_MS = 5000;

/** Long work that windows can watch, pause and cancel. */
export class Jobs {
  private readonly held = new Map<string, Held>();
  private readonly tell: (job: Job) => void;

  constructor(tell: (job: Job) => void) {
    this.tell = tell;
  }

  start({ kind, title, key, canPause = false, work, ended }: JobStart): Job {
    const under = key === undefined ? undefined : this.under(key);
    if (under) return under;
    const job: Job = {
      ...{ id: randomUUID(), kind, title, state: 'running', startedAt: Date.now(), canPause },
      ...{ phase: '', done: 0, total: 0, unit: '', rate: null, fault: null, result: null },
    };
    const held: Held = {
      ...{ job, key, abort: new AbortController(), finished: Promise.resolve(job) },
      ...{ pauseListeners: [], goOn: [], marks: [], told: 0 },
    };
    this.held.set(job.id, held);
    held.finished = this.run(held, work).finally(ended);
    this.tell(job);
    return job;
  }

  /** As `start`, for a request whose answer is the job. */
  begin(job: JobStart): { jobId: string } {
    return { jobId: this.start(job).id };
  }

  /** The job that runs under a key, or is paused. */
  under(key: string): Job | undefined {
    const held = [...this.held.values()].find(({ key: own, job }) => own === key && isOpen(job));
    return held?.job;
  }

  /** The job once it has ended, however it did. */
  finished(id: string): Promise<Job> {
    return this.get(id).finished;
  }

  /** Cancels everything and waits for it: nothing half done stays. */
  async close(): Promise<void> {
    for (const { abort } of this.held.values()) abort.abort();
    await Promise.all([...this.held.values()].map(({ finished }) => finished));
  }

  readonly handlers: Handlers<keyof typeof jobMethods> = {
    'jobs/list': () => ({ jobs: [...this.held.values()].map(({ job }) => job) }),
    'jobs/cancel': async ({ id }) => {
      const { abort, finished } = this.get(id);
      abort.abort();
      await finished;
    },
    'jobs/pause': ({ id }) => {
      const held = this.get(id);
      if (!held.job.canPause || held.job.state !== 'running') return;
      this.change(held, { state: 'paused', rate: null });
      for (const listener of held.pauseListeners.splice(0)) listener();
    },
    'jobs/resume': ({ id }) => {
      const held = this.get(id);
      if (held.job.state !== 'paused') return;
      held.marks = [];
      this.change(held, { state: 'running' });
      for (const goOn of held.goOn.splice(0)) goOn();
    },
    'jobs/dismiss': ({ id }) => {
      const held = this.held.get(id);
      if (held && !isOpen(held.job)) this.held.delete(id);
    },
  };

  private async run(held: Held, work: JobStart['work']): Promise<Job> {
    const { signal } = held.abort;
    try {
      const result = await work({
        signal,
        progress: (now) => this.progress(held, now),
        onPause: (listener) => void held.pauseListeners.push(listener),
        unpaused: () =>
          new Promise((resolve, reject) => {
            if (signal.aborted) return reject(signal.reason as Error);
            if (held.job.state !== 'paused') return resolve();
            signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
            held.goOn.push(resolve);
          }),
      });
      this.change(held, { state: 'done', result, rate: null });
    } catch (error) {
      if (signal.aborted) this.change(held, { state: 'cancelled', rate: null });
      else this.change(held, { state: 'failed', fault: faultValue(held.job.title, error), rate: null });
    }
    return held.job;
  }

  private progress(held: Held, now: Progress): void {
    const at = Date.now();
    if (now.phase !== held.job.phase) held.marks = [];
    held.marks = [...held.marks.filter((mark) => at - mark.at < RATE_WINDOW_MS), { done: now.done, at }];
    const first = held.marks[0]!;
    const rate = at > first.at ? ((now.done - first.done) / (at - first.at)) * 1000 : null;
    held.job = { ...held.job, ...now, rate };
    if (at - held.told < TELL_MS) return;
    held.told = at;
    this.tell(held.job);
  }

  private change(held: Held, change: Partial<Job>): void {
    held.job = { ...held.job, ...change };
    this.tell(held.job);
  }

  private get(id: string): Held {
    const held = this.held.get(id);
    if (!held) throw fault('store/unknown', { kind: 'job', id });
    return held;
  }
}

const isOpen = ({ state }: Job): boolean => state === 'running' || state === 'paused';

/** Any failure as the value that crosses a process border. */
export function faultValue(what: string, error: unknown): FaultValue {
  const known = systemFault(error);
  if (known) return known.toJSON();
  const detail = error instanceof Error ? error.message : String(error);
  return fault('backend/defect', { method: what, detail }, error).toJSON();
}
