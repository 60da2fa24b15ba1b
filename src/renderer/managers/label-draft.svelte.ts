import type {
  DatasetRow,
  DatasetVersion,
  Experiment,
  FaultValue,
  LabelEdit,
  OutputOf,
} from '../../shared/contract.ts';
import { faultOf, type RpcClient } from '../kit.ts';

type Changes = ReadonlyMap<number, string>;
type SavedAs = OutputOf<'datasets/draft'>['savedAs'];

/**
 * Labels corrected in the rows of one data set version. Each goes to the store as it is made, so that neither leaving
 * nor a reload loses it and other windows see it; saved they make a new version.
 */
export class LabelDraft {
  readonly versionId: string;
  readonly #rpc: Pick<RpcClient, 'call' | 'on'>;
  #changes = $state.raw<Changes>(new Map());
  #past = $state.raw<readonly LabelEdit[][]>([]);
  #savedAs = $state.raw<SavedAs>(null);
  #busy = $state<'save' | 'retrain' | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  /** Edits on their way, by row: what comes back about these rows is older than what is shown. */
  readonly #sent = new Map<number, number>();

  constructor(rpc: Pick<RpcClient, 'call' | 'on'>, versionId: string) {
    this.#rpc = rpc;
    this.versionId = versionId;
  }

  /** Corrected labels by row. */
  get changes(): Changes {
    return this.#changes;
  }
  /** The version that holds exactly these corrections; null: none does yet. */
  get savedAs(): SavedAs {
    return this.#changes.size === 0 ? null : this.#savedAs;
  }
  /** Whether there are corrections that no version holds. */
  get unsaved(): boolean {
    return this.#changes.size > 0 && this.#savedAs === null;
  }
  /** Corrections made here; those of before and of other windows stay. */
  get canUndo(): boolean {
    return this.#past.length > 0;
  }
  get busy(): 'save' | 'retrain' | null {
    return this.#busy;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  labelOf(row: DatasetRow): string {
    return this.#changes.get(row.row) ?? row.label;
  }

  /** Reads the draft and keeps up with other windows; returns its own unsubscribe. */
  listen(): () => void {
    void this.#read();
    const off = [
      this.#rpc.on('datasets/draft-changed', ({ versionId, changes, savedAs }) => {
        if (versionId !== this.versionId) return;
        this.#take(changes.filter(({ row }) => !this.#sent.has(row)));
        this.#savedAs = savedAs;
      }),
      this.#rpc.on('system/restarted', () => void this.#read()),
    ];
    return () => off.forEach((stop) => stop());
  }

  /** Corrects a label; back to the stored one takes the correction away. */
  relabel(row: DatasetRow, label: string): void {
    if (label === this.labelOf(row)) return;
    this.#edit([{ row: row.row, label: label === row.label ? null : label }]);
  }

  /** Takes the last correction back and gives its row; null where there is none. */
  undo(): number | null {
    const last = this.#past.at(-1);
    if (!last) return null;
    this.#past = this.#past.slice(0, -1);
    void this.#send(last);
    return last[0]?.row ?? null;
  }

  /** Takes all corrections back; `undo` brings them again. */
  discard(): void {
    if (this.#changes.size > 0) this.#edit([...this.#changes.keys()].map((row) => ({ row, label: null })));
  }

  /** Stores the corrections as a new version; null where that was refused: `fault` says why, and they stay. */
  async save(): Promise<DatasetVersion | null> {
    return this.#work('save', () => this.#store());
  }

  /** Saves the corrections where they are not, and queues the run's settings on that version. */
  async retrain(id: string): Promise<Experiment | null> {
    return this.#work('retrain', async () => {
      const { id: versionId } = this.savedAs ?? (await this.#store());
      return (await this.#rpc.call('compare/retrain', { id, versionId })).experiment;
    });
  }

  async #store(): Promise<DatasetVersion> {
    const { version } = await this.#rpc.call('datasets/relabel', {
      versionId: this.versionId,
      changes: [...this.#changes].map(([row, label]) => ({ row, label })),
    });
    return version;
  }

  #edit(changes: LabelEdit[]): void {
    this.#past = [...this.#past, changes.map(({ row }) => ({ row, label: this.#changes.get(row) ?? null }))];
    void this.#send(changes);
  }

  async #send(changes: LabelEdit[]): Promise<void> {
    this.#take(changes);
    this.#savedAs = null;
    this.#fault = null;
    for (const { row } of changes) this.#sent.set(row, (this.#sent.get(row) ?? 0) + 1);
    try {
      await this.#rpc.call('datasets/edit-draft', { versionId: this.versionId, changes });
    } catch (error) {
      // What is shown is what is stored: a refused correction is not.
      this.#past = [];
      await this.#read();
      this.#fault = faultOf(error);
    } finally {
      for (const { row } of changes) {
        const left = (this.#sent.get(row) ?? 1) - 1;
        if (left > 0) this.#sent.set(row, left);
        else this.#sent.delete(row);
      }
    }
  }

  #take(changes: readonly LabelEdit[]): void {
    if (changes.length === 0) return;
    const now = new Map(this.#changes);
    for (const { row, label } of changes) {
      if (label === null) now.delete(row);
      else now.set(row, label);
    }
    this.#changes = now;
  }

  async #read(): Promise<void> {
    try {
      const { changes, savedAs } = await this.#rpc.call('datasets/draft', { versionId: this.versionId });
      this.#changes = new Map(changes.map(({ row, label }) => [row, label]));
      this.#savedAs = savedAs;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  async #work<T>(what: 'save' | 'retrain', work: () => Promise<T>): Promise<T | null> {
    this.#busy = what;
    this.#fault = null;
    try {
      return await work();
    } catch (error) {
      this.#fault = faultOf(error);
      return null;
    } finally {
      this.#busy = null;
    }
  }
}
