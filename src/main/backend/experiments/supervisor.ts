import { existsSync } from 'node:fs';
import type { ExperimentState } from '../../../shared/contract/experiments.ts';
import { mainMetricText } from '../../../shared/tasks/index.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import type { FromEngine } from '../../../shared/engine-protocol.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { ExperimentRecord, ExperimentStore } from '../../storage/experiments.ts';
import { ModelStore } from '../../storage/models.ts';
import type { BackendContext } from '../context.ts';
import { faultValue } from '../jobs/jobs.ts';
import { readPreferences } from '../system/preferences.ts';
import { EngineRun, endFault, type EngineEnd } from '../jobs/engine-run.ts';
import { trainResultSchema, type ExperimentResult } from './job-events.ts';
import { waitForEnd } from './other-runs.ts';
import { Recorder } from './recorder.ts';
import type { Teller } from './teller.ts';

/** Why a run was asked to end. */
type Asked = 'pause' | 'stop' | 'close';

interface Current {
  id: string;
  asked: Asked | null;
  /** Set while the engine is being started: it is told when it can hear. */
  run: EngineRun | null;
  ended: Promise<void>;
}

interface Outcome {
  state: ExperimentState;
  result: ExperimentResult | null;
  fault: FaultValue | null;
}

/** How soon it is tried again to write down how a run ended. */
const RETRY_MS = 2000;

/** A step of a large model may take so long to come to its end. */
const CLOSE_MS = 20_000;

/** Takes experiments from the queue, one at a time, and watches over the engine that trains them. */
export class Supervisor {
  private readonly context: BackendContext;
  private readonly store: ExperimentStore;
  private readonly teller: Teller;
  /** Whether a run of another program has the device. */
  private readonly busyElsewhere: () => boolean;
  private current: Current | null = null;
  private closed = false;
  /** Set while the end of a run waits for room on the disk. */
  private retry: NodeJS.Timeout | undefined;

  constructor(context: BackendContext, store: ExperimentStore, teller: Teller, busyElsewhere: () => boolean) {
    this.context = context;
    this.store = store;
    this.teller = teller;
    this.busyElsewhere = busyElsewhere;
  }

  /** Starts the first of the queue when the device is free. */
  wake(): void {
    // What cannot be recorded is not begun: the queue waits until the store can be written again.
    if (this.closed || this.current || this.busyElsewhere() || !this.saveEnds()) return;
    const id = this.store.queue().at(0);
    if (id === undefined) return;
    const current: Current = { id, asked: null, run: null, ended: Promise.resolve() };
    this.current = current;
    current.ended = this.train(current)
      .catch((error: unknown) => this.broken(id, error))
      .finally(() => {
        this.current = null;
        this.context.host.showProgress(null);
        this.wake();
      })
      // The store cannot be read: the next request says so.
      .catch(() => undefined);
  }

  isCurrent(id: string): boolean {
    return this.current?.id === id;
  }

  /** Asks the running experiment to end; what it keeps follows from `asked`. Resolves when it has ended. */
  async ask(asked: Asked): Promise<void> {
    const { current } = this;
    if (!current) return;
    current.asked = asked;
    current.run?.stop(asked === 'stop' ? 'adapter' : 'checkpoint');
    await current.ended;
  }

  /** Ends what runs so that it can go on later. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    const { current } = this;
    if (!current) return;
    const timer = setTimeout(() => current.run?.kill(), CLOSE_MS);
    await this.ask('close');
    clearTimeout(timer);
  }

  private async train(current: Current): Promise<void> {
    const { id } = current;
    const record = this.store.record(id);
    const { db, emit, host } = this.context;
    // An engine whose backend was killed ends by itself, but not at once: two must never write into one folder.
    if (record.runnerPid !== null) await waitForEnd(record.runnerPid);
    const recorder = await Recorder.begin({
      db,
      id,
      runner: 'app',
      pid: null,
      changed: this.teller.changed,
      points: (points) => emit('experiments/points', points),
      trained: (share) => host.showProgress(share),
    });
    let outcome: Outcome;
    try {
      outcome = await this.engine(current, record, recorder);
    } catch (error) {
      outcome = { state: 'failed', result: null, fault: faultValue(record.name, error) };
    }
    await recorder.end(outcome.state, outcome.result, outcome.fault);
    this.tellPerson(record.name, this.store.line(record.id).task, outcome);
  }

  private async engine(current: Current, record: ExperimentRecord, recorder: Recorder): Promise<Outcome> {
    const { host } = this.context;
    const { name, folder, config, details } = record;
    if (!existsSync(folder)) throw fault('experiments/folder-gone', { name, folder });
    if (details.finishing) current.asked = 'stop';
    const input = {
      config,
      baseDir: details.baseDir,
      baseName: new ModelStore(this.context.db).read(record.modelId)?.hubId ?? undefined,
      outputDir: folder,
      resume: recorder.checkpoint !== null,
    };
    const onMessage = (message: FromEngine): void => {
      if (message.type === 'ready') {
        // Only now: a host may learn the number of a process after it has asked for one.
        recorder.ready(message.device, run.pid ?? null);
      } else if (message.type === 'alive') recorder.memory(message.peakMemoryMb);
      else if (message.type === 'event') recorder.onEvent(message.event);
    };
    const run = new EngineRun({ host, job: 'train', input, onMessage });
    current.run = run;
    if (current.asked) run.stop(current.asked === 'stop' ? 'adapter' : 'checkpoint');
    return this.judge(current, recorder, await run.ended);
  }

  private judge({ asked }: Current, { step, checkpoint }: Recorder, end: EngineEnd): Outcome {
    const interrupted = (broken: FaultValue): Outcome => ({
      state: 'interrupted',
      result: null,
      fault: broken,
    });
    if (end.kind === 'fault') {
      if (end.fault.code === 'experiments/out-of-memory')
        return interrupted(endFault({ kind: 'memory' }, step, checkpoint).toJSON());
      return { state: 'failed', result: null, fault: end.fault };
    }
    if (end.kind !== 'result') return interrupted(endFault(end, step, checkpoint).toJSON());
    // Null: it was stopped before it had begun.
    const result = end.output === null ? null : trainResultSchema.parse(end.output);
    if (result?.status === 'finished') return { state: 'finished', result, fault: null };
    if (asked === 'stop') return { state: 'stopped', result, fault: null };
    if (asked === 'pause') return { state: 'paused', result, fault: null };
    return {
      ...interrupted(fault('experiments/app-closed', { step: result?.steps ?? step, checkpoint }).toJSON()),
      result,
    };
  }

  private tellPerson(name: string, task: string, { state, result, fault: broken }: Outcome): void {
    if (state === 'paused' || state === 'stopped' || this.closed) return;
    if (!readPreferences(this.context.db).notifyAtEnd) return;
    const good = (result?.metrics && mainMetricText(task, result.metrics)) ?? 'The adapter is saved.';
    const title =
      state === 'finished'
        ? `${name} is finished`
        : `${name} ${state === 'failed' ? 'failed' : 'was interrupted'}`;
    this.context.host.notify(title, broken ? `${broken.message} ${broken.remedy}` : good);
  }

  /** The store itself failed (a full disk, a workspace that vanished): nothing more can be recorded of this run. */
  private broken(id: string, error: unknown): void {
    this.current?.run?.kill();
    this.store.end(id, {
      state: 'interrupted',
      fault: faultValue('This experiment', error),
      finished_at: Date.now(),
      runner_pid: null,
      queue_place: null,
    });
    this.teller.changed(id);
    this.saveEnds();
  }

  /** Writes down how runs ended; false where the store cannot take it yet, and then it is tried again. */
  private saveEnds(): boolean {
    clearTimeout(this.retry);
    try {
      for (const id of this.store.saveEnds()) this.teller.changed(id);
      return true;
    } catch {
      // Closed in the meantime: the next start of Graft finds the run as it was and says so.
      if (!this.closed) this.retry = setTimeout(() => this.wake(), RETRY_MS).unref();
      return false;
    }
  }
}
