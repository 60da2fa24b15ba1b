import type {
  Curve,
  EvaluationPoint,
  Experiment,
  ExperimentDetail,
  InputOf,
} from '../../../shared/contract.ts';
import { faultOf, Resource, type Rpc } from '../../kit.ts';
import { CurveColumns } from '../../charts/curve-columns.ts';

const notesMs = 600;

/** One experiment, live: its details, its curve, what can be done with it. A refused request leaves the page. */
export class ExperimentManager extends Resource<ExperimentDetail> {
  readonly id: string;
  /** Appended to at each event; `revision` says that it grew. */
  readonly curve = new CurveColumns();
  revision = $state(0);
  evaluations = $state.raw<EvaluationPoint[]>([]);
  /** False until the curve was read once. */
  curveRead = $state(false);
  notes = $state('');
  notesSaved = $state(true);
  #notesTimer: ReturnType<typeof setTimeout> | undefined;
  #early: { curve: Curve; evaluations: EvaluationPoint[] }[] = [];
  #reading = 0;

  constructor(rpc: Rpc, id: string) {
    super(rpc, () => rpc.call('experiments/read', { id }), {
      'experiments/changed': (changed, detail) =>
        detail && changed.id === id && this.#changed(changed, detail),
    });
    this.id = id;
  }

  /** Reads all and keeps up with it; returns its own unsubscribe. */
  override listen(): () => void {
    void this.#readCurve();
    const stops = [
      super.listen(),
      this.rpc.on('experiments/points', (points) => points.id === this.id && this.#take(points)),
      this.rpc.on('system/restarted', () => void this.#readCurve()),
    ];
    return () => {
      for (const stop of stops) stop();
      if (!this.notesSaved) void this.#saveNotes();
    };
  }

  pause = () => this.attempt(() => this.rpc.call('experiments/pause', { id: this.id }), 'pause');
  resume = () => this.attempt(() => this.rpc.call('experiments/resume', { id: this.id }), 'resume');
  stop = () => this.attempt(() => this.rpc.call('experiments/stop', { id: this.id }), 'stop');
  remove = () => this.attempt(() => this.rpc.call('experiments/remove', { ids: [this.id] }), 'remove');
  restore = () => this.attempt(() => this.rpc.call('experiments/restore', { ids: [this.id] }), 'restore');
  /** Resolves to the new experiment. */
  retry = () => this.attempt(() => this.rpc.call('experiments/retry', { id: this.id }), 'retry');
  update(change: Omit<InputOf<'experiments/update'>, 'id'>) {
    return this.attempt(async () => {
      const { experiment } = await this.rpc.call('experiments/update', { id: this.id, ...change });
      this.patch((detail) => this.#changed(experiment, detail));
    }, 'update');
  }
  /** Saved a moment after the last key, and when the page is left. */
  writeNotes(notes: string): void {
    this.notes = notes;
    this.notesSaved = false;
    clearTimeout(this.#notesTimer);
    this.#notesTimer = setTimeout(() => void this.#saveNotes(), notesMs);
  }

  async #saveNotes(): Promise<void> {
    clearTimeout(this.#notesTimer);
    const notes = this.notes;
    const saved = await this.attempt(
      () => this.rpc.call('experiments/update', { id: this.id, notes }),
      'notes',
    );
    if (saved && notes === this.notes) this.notesSaved = true;
  }

  protected override taken({ notes }: ExperimentDetail): void {
    if (this.notesSaved) this.notes = notes;
  }

  async #readCurve(): Promise<void> {
    const reading = ++this.#reading;
    this.#early = [];
    try {
      const all = await this.rpc.call('experiments/curve', { id: this.id });
      if (reading !== this.#reading) return;
      this.curve.clear();
      this.evaluations = [];
      this.curveRead = true;
      this.#add(all);
      for (const points of this.#early.splice(0)) this.#add(points);
    } catch (error) {
      this.refused = faultOf(error);
    }
  }

  #take(points: { curve: Curve; evaluations: EvaluationPoint[] }): void {
    // What is logged while the curve is on its way is added after it.
    if (!this.curveRead) this.#early.push(points);
    else this.#add(points);
  }
  #add({ curve, evaluations }: { curve: Curve; evaluations: EvaluationPoint[] }): void {
    this.curve.append(curve);
    const first = evaluations[0];
    if (first) {
      const before = this.evaluations.filter(({ step }) => step < first.step);
      this.evaluations = [...before, ...evaluations];
    }
    this.revision += 1;
  }

  /** The details with the experiment as it is now; read anew where more of them will have changed. */
  #changed(changed: Experiment, before: ExperimentDetail): ExperimentDetail {
    const { state, metrics, step } = before.experiment;
    const settled = state !== changed.state || (metrics === null) !== (changed.metrics === null);
    // Baselines, what moved and the adapter come with the first step and with the end, or a little later.
    const begun = step === 0 && changed.step > 0;
    const late = before.baselines === null && changed.state === 'finished';
    if (settled || begun || late || (before.moved === null && changed.step > 0 && changed.step < 20))
      void this.read();
    return { ...before, experiment: changed };
  }
}
