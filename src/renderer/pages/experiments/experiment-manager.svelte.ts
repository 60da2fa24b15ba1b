import type {
  Curve,
  EvaluationPoint,
  Experiment,
  ExperimentDetail,
} from '../../../shared/contract/experiments.ts';
import type { InputOf } from '../../../shared/contract.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { CurveColumns } from '../../charts/curve-columns.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';

const notesMs = 600;

/** One experiment, live: its facts, its curve, what can be done with it. */
export class ExperimentManager {
  readonly id: string;
  readonly #rpc: Rpc;
  /** Appended to at each event; `revision` says that it grew. */
  readonly curve = new CurveColumns();
  #revision = $state(0);
  #evaluations = $state.raw<EvaluationPoint[]>([]);
  #curveRead = $state(false);
  #detail = $state.raw<ExperimentDetail | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  /** A request that was refused: beside the page, which stays. */
  #refused = $state.raw<FaultValue | null>(null);
  #busy = $state<string | null>(null);
  #notes = $state('');
  #notesSaved = $state(true);
  #notesTimer: ReturnType<typeof setTimeout> | undefined;
  #early: { curve: Curve; evaluations: EvaluationPoint[] }[] = [];
  #reading = 0;

  constructor(rpc: Rpc, id: string) {
    this.#rpc = rpc;
    this.id = id;
  }

  get detail(): ExperimentDetail | null {
    return this.#detail;
  }
  get experiment(): Experiment | null {
    return this.#detail?.experiment ?? null;
  }
  /** The experiment cannot be read. */
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get refused(): FaultValue | null {
    return this.#refused;
  }
  get revision(): number {
    return this.#revision;
  }
  get evaluations(): EvaluationPoint[] {
    return this.#evaluations;
  }
  /** False until the curve was read once. */
  get curveRead(): boolean {
    return this.#curveRead;
  }
  /** The verb that waits for its answer. */
  get busy(): string | null {
    return this.#busy;
  }
  get notes(): string {
    return this.#notes;
  }
  get notesSaved(): boolean {
    return this.#notesSaved;
  }

  /** Reads all and keeps up with it; returns its own unsubscribe. */
  listen(): () => void {
    void this.#read();
    void this.#readCurve();
    const stops = [
      this.#rpc.on('experiments/changed', (changed) => changed.id === this.id && this.#put(changed)),
      this.#rpc.on('experiments/points', (points) => points.id === this.id && this.#take(points)),
      this.#rpc.on('system/restarted', () => {
        void this.#read();
        void this.#readCurve();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      if (!this.#notesSaved) void this.#saveNotes();
    };
  }

  pause = () => this.#act('pause', () => this.#rpc.call('experiments/pause', { id: this.id }));
  resume = () => this.#act('resume', () => this.#rpc.call('experiments/resume', { id: this.id }));
  stop = () => this.#act('stop', () => this.#rpc.call('experiments/stop', { id: this.id }));
  remove = () => this.#act('remove', () => this.#rpc.call('experiments/remove', { ids: [this.id] }));
  restore = () => this.#act('restore', () => this.#rpc.call('experiments/restore', { ids: [this.id] }));
  /** Resolves to the new experiment, or null where it was refused. */
  async retry(): Promise<Experiment | null> {
    let made: Experiment | null = null;
    await this.#act('retry', async () => {
      made = (await this.#rpc.call('experiments/retry', { id: this.id })).experiment;
    });
    return made;
  }
  update(change: Omit<InputOf<'experiments/update'>, 'id'>): Promise<boolean> {
    return this.#act('update', async () => {
      this.#put((await this.#rpc.call('experiments/update', { id: this.id, ...change })).experiment);
    });
  }
  /** Saved a moment after the last key, and when the page is left. */
  writeNotes(notes: string): void {
    this.#notes = notes;
    this.#notesSaved = false;
    clearTimeout(this.#notesTimer);
    this.#notesTimer = setTimeout(() => void this.#saveNotes(), notesMs);
  }

  async #saveNotes(): Promise<void> {
    clearTimeout(this.#notesTimer);
    const notes = this.#notes;
    const saved = await this.#act('notes', () =>
      this.#rpc.call('experiments/update', { id: this.id, notes }),
    );
    if (saved && notes === this.#notes) this.#notesSaved = true;
  }

  async #read(): Promise<void> {
    try {
      const detail = await this.#rpc.call('experiments/read', { id: this.id });
      this.#detail = detail;
      if (this.#notesSaved) this.#notes = detail.notes;
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  async #readCurve(): Promise<void> {
    const reading = ++this.#reading;
    this.#early = [];
    try {
      const whole = await this.#rpc.call('experiments/curve', { id: this.id });
      if (reading !== this.#reading) return;
      this.curve.clear();
      this.#evaluations = [];
      this.#curveRead = true;
      this.#add(whole);
      for (const points of this.#early.splice(0)) this.#add(points);
    } catch (error) {
      this.#refused = faultOf(error);
    }
  }

  #take(points: { curve: Curve; evaluations: EvaluationPoint[] }): void {
    // What is logged while the whole curve is on its way is added after it.
    if (!this.#curveRead) this.#early.push(points);
    else this.#add(points);
  }
  #add({ curve, evaluations }: { curve: Curve; evaluations: EvaluationPoint[] }): void {
    this.curve.append(curve);
    const first = evaluations[0];
    if (first) {
      const before = this.#evaluations.filter(({ step }) => step < first.step);
      this.#evaluations = [...before, ...evaluations];
    }
    this.#revision += 1;
  }

  #put(changed: Experiment): void {
    const before = this.#detail;
    if (before === null) return;
    this.#detail = { ...before, experiment: changed };
    const { state, metrics } = before.experiment;
    const settled = state !== changed.state || (metrics === null) !== (changed.metrics === null);
    // Baselines, what moved and the adapter come with the first step and with the end, or a little later.
    const begun = before.experiment.step === 0 && changed.step > 0;
    const late = before.baselines === null && changed.state === 'finished';
    if (settled || begun || late || (before.moved === null && changed.step > 0 && changed.step < 20))
      void this.#read();
  }

  async #act(verb: string, work: () => Promise<unknown>): Promise<boolean> {
    this.#busy = verb;
    try {
      await work();
      this.#refused = null;
      return true;
    } catch (error) {
      this.#refused = faultOf(error);
      return false;
    } finally {
      this.#busy = null;
    }
  }
}
