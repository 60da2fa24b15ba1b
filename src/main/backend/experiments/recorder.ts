import path from 'node:path';
import {
  type Curve,
  type EvaluationPoint,
  type ExperimentState,
  type LogLine,
  type Step,
} from '../../../shared/contract/experiments.ts';
import { taskOf } from '../../../shared/tasks/index.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import type { Db } from '../../storage/database.ts';
import { curveOf, PointStore } from '../../storage/experiment-points.ts';
import { ExperimentStore, type Changes, type Details, type Facts } from '../../storage/experiments.ts';
import { jobEventSchema, type ExperimentEvent, type ExperimentResult } from './job-events.ts';
import { importAnswers, registerFiles } from './results.ts';
import { lastCheckpoint, linesOf } from './run-folder.ts';

/** What is logged is kept, and told to windows, this often. */
const FLUSH_MS = 500;
/** A run of another process is known to live by this, also where a step takes minutes. */
const BEAT_MS = 5000;

export interface RecorderOptions {
  db: Db;
  id: string;
  /** The process that trains; null where it is not started yet. */
  runner: Details['runner'];
  pid: number | null;
  changed?: (id: string) => void;
  points?: (points: { id: string; curve: Curve; evaluations: EvaluationPoint[] }) => void;
  /** Called with the share of the training that is done. */
  trained?: (share: number) => void;
}

/** Writes down one run as it goes: the process that trains is the one that records. */
export class Recorder {
  /** Of the last logged step, and of the last checkpoint. */
  step = 0;
  checkpoint: number | null = null;
  private readonly options: RecorderOptions;
  private readonly store: ExperimentStore;
  private readonly pointStore: PointStore;
  private beat: NodeJS.Timeout | undefined;
  private timer: NodeJS.Timeout | undefined;
  private steps: Step[] = [];
  private evaluations: EvaluationPoint[] = [];
  private lines: LogLine[] = [];
  private changes: Changes = {};
  private facts: Partial<Facts> = {};
  private details: Partial<Details> = {};
  private peakMemoryMb = 0;
  /** Seconds of earlier processes of this run, and when this one began. */
  private wall = { before: 0, since: performance.now() };
  private pace: { done: number; at: number } | undefined;

  private constructor(options: RecorderOptions) {
    this.options = options;
    this.store = new ExperimentStore(options.db);
    this.pointStore = new PointStore(options.db);
  }

  /** Begins, or goes on from the last checkpoint in the folder: what was logged behind it will be logged again. */
  static async begin(options: RecorderOptions): Promise<Recorder> {
    const { id, pid, runner } = options;
    const recorder = new Recorder(options);
    const { folder, startedAt, facts } = recorder.store.record(id);
    recorder.checkpoint = await lastCheckpoint(folder);
    recorder.step = recorder.checkpoint ?? 0;
    recorder.peakMemoryMb = facts.peakMemoryMb ?? 0;
    recorder.wall.before = facts.wallSeconds ?? 0;
    recorder.pointStore.dropAfter(id, recorder.checkpoint ?? -1);
    if (recorder.checkpoint !== null) await recorder.readLog(path.join(folder, 'events.jsonl'));
    recorder.store.update(id, {
      state: 'starting',
      queue_place: null,
      fault: null,
      finished_at: null,
      started_at: startedAt ?? Date.now(),
      runner_pid: pid,
      step: recorder.step,
      details: { runner },
      facts: { checkpointStep: recorder.checkpoint, timeLeft: null },
    });
    // Only now: a store that could not take the beginning is not written to again and again.
    recorder.beat = setInterval(() => recorder.soon(), BEAT_MS).unref();
    options.changed?.(id);
    return recorder;
  }

  /** An event of the engine, as it comes; what is not known is left alone. */
  onEvent(value: unknown): void {
    const { data } = jobEventSchema.safeParse(value);
    if (data) this.take(data);
  }

  /** The process that trains is there. */
  ready(device: string, pid: number | null): void {
    this.facts.device = device;
    this.changes.runner_pid = pid;
    this.soon();
  }

  memory(peakMb: number): void {
    if (peakMb <= this.peakMemoryMb) return;
    this.peakMemoryMb = peakMb;
    this.facts.peakMemoryMb = peakMb;
    this.soon();
  }

  line(level: LogLine['level'], message: string): void {
    this.lines.push({ at: Date.now(), level, message });
    this.soon();
  }

  /** The run ended in `state`; `result` where it came to a good end or was stopped. */
  async end(
    state: ExperimentState,
    result: ExperimentResult | null,
    fault: FaultValue | null,
  ): Promise<void> {
    const { id } = this.options;
    clearInterval(this.beat);
    if (fault) this.line('error', `${fault.message} ${fault.remedy}`);
    this.flush();
    const record = this.store.record(id);
    this.checkpoint = await lastCheckpoint(record.folder);
    const changes: Changes = { state, fault, finished_at: Date.now(), runner_pid: null };
    if (result) {
      if (result.metrics !== null) {
        const task = taskOf(this.store.line(id).task);
        const evaluation = task.evaluation(result.metrics);
        await importAnswers(this.options.db, record, task, evaluation.labels);
        Object.assign(changes, { evaluation, metrics: evaluation.metrics });
        this.facts.unanswered = task.unanswered?.(evaluation) ?? null;
      }
      changes.step = result.steps;
      this.facts.trainSeconds = result.train_runtime;
      this.facts.evalSeconds = result.eval_runtime;
      this.facts.tokensPerSecond = result.tokens_per_second;
    }
    if (state === 'finished' || state === 'stopped' || state === 'paused')
      await registerFiles(this.options.db, record);
    this.facts = {
      ...this.facts,
      timeLeft: null,
      checkpointStep: state === 'finished' ? null : this.checkpoint,
    };
    this.details.finishing = false;
    this.changes = changes;
    this.flush();
  }

  private take(event: ExperimentEvent): void {
    switch (event.type) {
      case 'note':
        return this.line('info', event.message);
      case 'started':
        this.step = event.resumed_at;
        Object.assign(this.changes, {
          state: 'running',
          total_steps: event.total_steps,
          step: event.resumed_at,
        });
        this.facts.trainable = event.parameters.trainable;
        this.facts.allParameters = event.parameters.all;
        this.details.newlyInitialized = event.newly_initialized;
        return this.soon();
      case 'progress':
        return this.progress(event.phase, event.done, event.total);
      case 'step': {
        const { type: _, ...point } = event;
        this.step = event.step;
        this.steps.push(point);
        Object.assign(this.changes, { step: event.step, epoch: event.epoch, loss: event.loss });
        this.facts.tokensPerSecond = event.tokens_per_second;
        return this.soon();
      }
      case 'evaluation': {
        const { type: _, ...point } = event;
        this.evaluations.push(point);
        this.changes.metrics = event.metrics;
        return this.soon();
      }
      case 'checkpoint':
        this.checkpoint = event.step;
        this.facts.checkpointStep = event.step;
        return this.soon();
      case 'moved': {
        const { type: _, ...moved } = event;
        this.details.moved = moved;
        if (moved.unexpected.length > 0)
          this.line('error', `Frozen weights changed: ${moved.unexpected.join(', ')}.`);
        return this.soon();
      }
    }
  }

  /** Time left by the wall clock since the first step of this process, evaluations and checkpoints included. */
  private progress(phase: string, done: number, total: number): void {
    if (phase !== 'train') return;
    if (total > 0) this.options.trained?.(done / total);
    const now = performance.now();
    this.step = done;
    this.changes.step = done;
    if (this.pace && done > this.pace.done) {
      const seconds = (now - this.pace.at) / 1000 / (done - this.pace.done);
      this.facts.timeLeft = (total - done) * seconds;
    }
    this.pace ??= { done, at: now };
    this.soon();
  }

  private soon(after = FLUSH_MS): void {
    this.timer ??= setTimeout(() => {
      try {
        this.flush();
      } catch {
        // A full disk or a locked store: nothing is lost, and the end of the run tries again and says what is wrong.
        this.soon(BEAT_MS);
      }
    }, after);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.facts.wallSeconds = this.wall.before + (performance.now() - this.wall.since) / 1000;
    const { id, db, changed, points } = this.options;
    const { steps, evaluations, lines, changes, facts, details } = this;
    db.transaction(() => {
      this.pointStore.addSteps(id, steps);
      this.pointStore.addEvaluations(id, evaluations);
      this.pointStore.addLines(id, lines);
      this.store.update(id, { ...changes, facts, details });
    })();
    [this.steps, this.evaluations, this.lines] = [[], [], []];
    [this.changes, this.facts, this.details] = [{}, {}, {}];
    if (steps.length + evaluations.length > 0) points?.({ id, curve: curveOf(steps), evaluations });
    changed?.(id);
  }

  /** Takes over what a killed program did not come to write down: the run's own log is always whole. */
  private async readLog(file: string): Promise<void> {
    const { id, db } = this.options;
    let events: ExperimentEvent[] = [];
    const keep = async (): Promise<void> => {
      db.transaction(() => {
        this.pointStore.addSteps(
          id,
          events.filter((event) => event.type === 'step'),
        );
        this.pointStore.addEvaluations(
          id,
          events.filter((event) => event.type === 'evaluation'),
        );
      })();
      events = [];
      await new Promise(setImmediate);
    };
    for await (const line of linesOf(file)) {
      const event = loggedEvent(line);
      if (event && 'step' in event && event.step <= (this.checkpoint ?? -1)) events.push(event);
      if (events.length === 2000) await keep();
    }
    await keep();
  }
}

/** Undefined for a line that a killed process left half written. */
function loggedEvent(line: string): ExperimentEvent | undefined {
  try {
    return jobEventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
