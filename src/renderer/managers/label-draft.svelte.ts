import type { DatasetRow, DatasetVersion, Experiment, LabelEdit, OutputOf } from '../../shared/contract.ts';
import { faultOf, Resource, type Rpc } from '../kit.ts';

/** Corrected labels by row, and the version that holds exactly these, where there is one. */
interface Corrections {
  changes: ReadonlyMap<number, string>;
  savedAs: OutputOf<'datasets/draft'>['savedAs'];
}

/**
 * Labels corrected in the rows of one data set version. Each goes to the store as it is made, so that neither leaving
 * nor a reload loses it and other windows see it; saved they make a new version.
 */
export class LabelDraft extends Resource<Corrections> {
  readonly versionId: string;
  /** Corrections made here can be undone; those of before and of other windows stay. */
  #past = $state.raw<readonly LabelEdit[][]>([]);
  /** Edits on their way, by row: what comes back about these rows is older than what is shown. */
  readonly #sent = new Map<number, number>();

  constructor(rpc: Rpc, versionId: string) {
    const read = async (): Promise<Corrections> => {
      const { changes, savedAs } = await rpc.call('datasets/draft', { versionId });
      return { changes: edited(new Map(), changes), savedAs };
    };
    super(rpc, read, {
      'datasets/draft-changed': ({ versionId: id, changes, savedAs }, draft) =>
        id === versionId &&
        draft && {
          changes: edited(
            draft.changes,
            changes.filter(({ row }) => !this.#sent.has(row)),
          ),
          savedAs,
        },
    });
    this.versionId = versionId;
  }

  readonly changes = $derived.by(() => this.value?.changes ?? new Map<number, string>());
  /** The version that holds exactly these corrections; null: none does yet. */
  readonly savedAs = $derived.by(() => (this.changes.size === 0 ? null : (this.value?.savedAs ?? null)));
  /** Whether there are corrections that no version holds. */
  readonly unsaved = $derived.by(() => this.changes.size > 0 && this.savedAs === null);
  get canUndo(): boolean {
    return this.#past.length > 0;
  }
  labelOf(row: DatasetRow): string {
    return this.changes.get(row.row) ?? row.label;
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
    if (this.changes.size > 0) this.#edit([...this.changes.keys()].map((row) => ({ row, label: null })));
  }

  /** Stores the corrections as a new version; undefined where that was refused, and they stay. */
  save(): Promise<DatasetVersion | undefined> {
    return this.attempt(() => this.#store(), 'save');
  }
  /** Saves the corrections where they are not, and queues the run's settings on that version. */
  retrain(id: string): Promise<Experiment | undefined> {
    return this.attempt(async () => {
      const { id: versionId } = this.savedAs ?? (await this.#store());
      return (await this.rpc.call('compare/retrain', { id, versionId })).experiment;
    }, 'retrain');
  }
  async #store(): Promise<DatasetVersion> {
    const changes = [...this.changes].map(([row, label]) => ({ row, label }));
    return (await this.rpc.call('datasets/relabel', { versionId: this.versionId, changes })).version;
  }

  #edit(changes: LabelEdit[]): void {
    this.#past = [...this.#past, changes.map(({ row }) => ({ row, label: this.changes.get(row) ?? null }))];
    void this.#send(changes);
  }
  async #send(changes: LabelEdit[]): Promise<void> {
    this.patch((draft) => ({ changes: edited(draft.changes, changes), savedAs: null }));
    this.refused = null;
    for (const { row } of changes) this.#sent.set(row, (this.#sent.get(row) ?? 0) + 1);
    try {
      await this.rpc.call('datasets/edit-draft', { versionId: this.versionId, changes });
    } catch (error) {
      // What is shown is what is stored: a refused correction is not.
      this.#past = [];
      await this.read();
      this.refused = faultOf(error);
    } finally {
      for (const { row } of changes) {
        const left = (this.#sent.get(row) ?? 1) - 1;
        if (left > 0) this.#sent.set(row, left);
        else this.#sent.delete(row);
      }
    }
  }
}

function edited(before: Corrections['changes'], changes: readonly LabelEdit[]): Corrections['changes'] {
  const now = new Map(before);
  for (const { row, label } of changes) {
    if (label === null) now.delete(row);
    else now.set(row, label);
  }
  return now;
}
