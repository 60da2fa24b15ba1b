import type { DatasetRow, DatasetVersion } from '../../../shared/contract/datasets.ts';
import type { Experiment } from '../../../shared/contract/experiments.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';

type Changes = ReadonlyMap<number, string>;

/** Labels corrected in the rows of one data set version; kept together they make a new version of it. */
export class Corrections {
  readonly versionId: string;
  readonly #rpc: Pick<RpcClient, 'call'>;
  #changes = $state.raw<Changes>(new Map());
  #past = $state.raw<readonly { row: number; before: Changes }[]>([]);
  #kept = $state.raw<{ version: DatasetVersion; changes: Changes } | null>(null);
  #busy = $state<'keep' | 'retrain' | null>(null);
  #fault = $state.raw<FaultValue | null>(null);

  constructor(rpc: Pick<RpcClient, 'call'>, versionId: string) {
    this.#rpc = rpc;
    this.versionId = versionId;
  }

  /** Corrected labels by row. */
  get changes(): Changes {
    return this.#changes;
  }
  /** The version that holds exactly these corrections; null: none does yet. */
  get kept(): DatasetVersion | null {
    return this.#kept?.changes === this.#changes ? this.#kept.version : null;
  }
  get canUndo(): boolean {
    return this.#past.length > 0;
  }
  get busy(): 'keep' | 'retrain' | null {
    return this.#busy;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  labelOf(row: DatasetRow): string {
    return this.#changes.get(row.row) ?? row.label;
  }

  /** Corrects a label; back to the stored one takes the correction away. */
  relabel(row: DatasetRow, label: string): void {
    if (label === this.labelOf(row)) return;
    this.#past = [...this.#past, { row: row.row, before: this.#changes }];
    const changes = new Map(this.#changes);
    if (label === row.label) changes.delete(row.row);
    else changes.set(row.row, label);
    this.#changes = changes;
  }

  /** Takes the last correction back and gives its row; null where there is none. */
  undo(): number | null {
    const last = this.#past.at(-1);
    if (!last) return null;
    this.#past = this.#past.slice(0, -1);
    this.#changes = last.before;
    return last.row;
  }

  discard(): void {
    this.#changes = new Map();
    this.#past = [];
    this.#fault = null;
  }

  /** Stores the corrections as a new version; null where that was refused: `fault` says why, and they stay. */
  async keep(): Promise<DatasetVersion | null> {
    return this.#work('keep', () => this.#store());
  }

  /** Keeps the corrections where they are not, and queues the run's settings on that version. */
  async retrain(id: string): Promise<Experiment | null> {
    return this.#work('retrain', async () => {
      const { id: versionId } = this.kept ?? (await this.#store());
      return (await this.#rpc.call('compare/retrain', { id, versionId })).experiment;
    });
  }

  async #store(): Promise<DatasetVersion> {
    const changes = this.#changes;
    const { version } = await this.#rpc.call('datasets/relabel', {
      versionId: this.versionId,
      changes: [...changes].map(([row, label]) => ({ row, label })),
    });
    this.#kept = { version, changes };
    return version;
  }

  async #work<T>(what: 'keep' | 'retrain', work: () => Promise<T>): Promise<T | null> {
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

const open = new Map<string, Corrections>();

/** The corrections of a version: they outlast the page, so that a look at another tab loses none. */
export function correctionsOf(rpc: Pick<RpcClient, 'call'>, versionId: string): Corrections {
  const found = open.get(versionId) ?? new Corrections(rpc, versionId);
  open.set(versionId, found);
  return found;
}
